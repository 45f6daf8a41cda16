"""Journeys against a plain reading of their rules, one event after another, on random definitions and random events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.python.journeys.conftest import Workbench

pytestmark = pytest.mark.slow

DAWN = datetime(2026, 3, 1)
EXIT = "x"


@dataclass(frozen=True)
class Definition:
    stages: tuple[str, ...]
    limits: tuple[int | None, ...]
    overall: int | None
    is_ordered: bool
    reentry: str
    exits: bool


@dataclass(frozen=True, order=True)
class Event:
    minute: int
    event_id: str
    name: str


@dataclass
class Instance:
    started: int
    entered: dict[int, Event] = field(default_factory=dict)
    visits: dict[int, int] = field(default_factory=dict)
    returns: int = 0
    status: str = "open"
    reason: str | None = None
    ended: float | None = None


def limit_of(definition: Definition, instance: Instance) -> float:
    """The minute until which (included) the next stage must come."""
    overall = inf if definition.overall is None else instance.started + definition.overall
    if not definition.is_ordered or len(instance.entered) == len(definition.stages):
        return overall
    wait = definition.limits[len(instance.entered)]
    return min(overall, inf if wait is None else instance.entered[len(instance.entered) - 1].minute + wait)


def take(definition: Definition, instance: Instance, happened: Event) -> None:
    """One event of a person whose instance is open."""
    fits = [place for place, name in enumerate(definition.stages) if name == happened.name]
    if definition.is_ordered:
        enters = [place for place in fits if place == len(instance.entered)]
    else:
        enters = [place for place in fits if place not in instance.entered]
    for place in enters:
        instance.entered[place] = happened
        instance.visits[place] = 1
    for place in fits if not enters else []:
        if place in instance.entered:
            instance.visits[place] += 1
            instance.returns += any(other > instance.entered[place] for other in instance.entered.values())
    if len(instance.entered) == len(definition.stages):
        instance.status, instance.reason, instance.ended = "completed", "completed", happened.minute


def read(definition: Definition, events: Sequence[Event], as_of: int) -> list[Instance]:
    """The instances of one person on one journey."""
    instances: list[Instance] = []
    current: Instance | None = None
    moment_of_a_start = -1
    for happened in sorted(events):
        if current and happened.minute > (limit := limit_of(definition, current)):
            current.status, current.reason, current.ended, current = "abandoned", "time_limit", limit, None
        may_start = happened.name in (definition.stages[:1] if definition.is_ordered else definition.stages)
        starts = may_start and happened.minute != moment_of_a_start
        if may_start:
            moment_of_a_start = happened.minute
        if current and definition.exits and happened.name == EXIT:
            current.status, current.reason, current.ended, current = "exited", "exit_event", happened.minute, None
            continue
        if current and starts and definition.is_ordered and definition.reentry == "always":
            current.status, current.reason, current.ended, current = "abandoned", "restarted", happened.minute, None
        if current is None and starts and (not instances or definition.reentry != "once"):
            current = Instance(happened.minute)
            instances.append(current)
            take(definition, current, happened)
        elif current:
            take(definition, current, happened)
        if current and current.status != "open":
            current = None
    if current and (limit := limit_of(definition, current)) < as_of:
        current.status, current.reason, current.ended = "abandoned", "time_limit", limit
    return instances


minutes = st.none() | st.integers(0, 5)
definitions = (
    st.integers(1, 4)
    .flatmap(
        lambda length: st.builds(
            Definition,
            stages=st.tuples(*[st.sampled_from("abcd")] * length),
            limits=st.tuples(*[minutes] * length),
            overall=st.none() | st.integers(0, 12),
            is_ordered=st.booleans(),
            reentry=st.sampled_from(["once", "after_end", "always"]),
            exits=st.booleans(),
        )
    )
    .filter(
        # Refused by the model: see silver__journey_definitions.
        lambda it: not (it.is_ordered and it.reentry == "always" and it.stages[0] in it.stages[1:])
    )
)
sequences = st.lists(st.tuples(st.integers(0, 20), st.sampled_from("aabbccddx")), max_size=16).flatmap(
    lambda rows: st.permutations([f"e{place:02d}" for place in range(len(rows))]).map(
        lambda ids: [Event(minute, event_id, name) for (minute, name), event_id in zip(rows, ids, strict=True)]
    )
)


def moment(minute: float | None) -> datetime | None:
    return None if minute is None else DAWN + timedelta(minutes=minute)


def write(bench: Workbench, journeys: Sequence[Definition], people: Sequence[Sequence[Event]], as_of: int) -> None:
    con = bench.con
    for table in ("bronze__journey_definitions", "silver__cleansed_events", "silver__as_of"):
        con.execute(f"delete from given.{table}")
    con.execute("insert into given.silver__as_of values (?)", [moment(as_of)])
    stages: list[list[Any]] = [
        [f"j{number}", place + 1, f"stage {place + 1}", name, it.is_ordered, it.limits[place],
         None if it.overall is None else it.overall / 1440, it.reentry, EXIT if it.exits else None]
        for number, it in enumerate(journeys)
        for place, name in enumerate(it.stages)
    ]  # fmt: skip
    con.executemany(
        "insert into given.bronze__journey_definitions (journey_id, version, stage_number, stage_name, event_name, is_ordered, "
        "max_minutes_from_previous, max_days_overall, reentry, exit_event_name, source_system) values (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, 'files')",
        stages,
    )
    rows = [
        [f"p{person}-{it.event_id}", it.name, moment(it.minute), f"p{person}"]
        for person, events in enumerate(people)
        for it in events
    ]
    if rows:
        con.executemany(
            "insert into given.silver__cleansed_events (source_system, event_id, event_name, occurred_at, visitor_id, is_robot, is_internal) "
            "values ('s', ?, ?, ?, ?, false, false)",
            rows,
        )
    bench.build()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    journeys=st.lists(definitions, min_size=1, max_size=12),
    people=st.lists(sequences, min_size=1, max_size=12),
    later=st.integers(0, 6),
)
def test_journeys_are_those_of_a_plain_reading(
    bench: Workbench, journeys: list[Definition], people: list[list[Event]], later: int
) -> None:
    as_of = max([it.minute for events in people for it in events], default=0) + later
    write(bench, journeys, people, as_of)
    expected: list[tuple[Any, ...]] = []
    expected_visits: list[tuple[Any, ...]] = []
    for number, definition in enumerate(journeys):
        for person, events in enumerate(people):
            for it in read(definition, events, as_of):
                key = (f"j{number}", f"visitor:p{person}", moment(it.started))
                last = max(it.entered, key=lambda place: (it.entered[place], place))
                expected.append((*key, it.status, it.reason, moment(it.ended), len(it.entered), last + 1, it.returns))
                expected_visits += [
                    (
                        *key,
                        place + 1,
                        moment(entry.minute),
                        it.visits[place],
                        place == last and it.status in ("exited", "abandoned"),
                    )
                    for place, entry in it.entered.items()
                ]
                event(f"{definition.reentry} {it.reason}")
    built = bench.con.execute(
        "select journey_id, person_key, started_at, status, end_reason, ended_at, stages_entered, last_stage_number, loops from silver.journeys"
    ).fetchall()
    assert sorted(built, key=str) == sorted(expected, key=str)
    visits = bench.con.execute(
        "select journey_id, person_key, started_at, stage_number, entered_at, visits, is_drop_off from silver.journey_stage_visits"
    ).fetchall()
    assert sorted(visits, key=str) == sorted(expected_visits, key=str)
    assert bench.con.execute(
        "select count(*) - count(distinct journey_instance_id) from silver.journeys"
    ).fetchone() == (0,)
