"""What definitions may say, and what becomes of those that cannot be followed; journeys that another tool reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.python.journeys.conftest import GIVEN, Workbench

pytestmark = pytest.mark.slow

STAGE = (
    "insert into given.bronze__journey_definitions (journey_id, version, stage_number, stage_name, event_name, page_url_pattern, "
    "property_name, property_value, is_ordered, reentry, source_system) values "
)
EVENT = (
    "insert into given.silver__cleansed_events (source_system, event_id, event_name, occurred_at, visitor_id, user_id, page_url, "
    "feature_name, properties, is_robot, is_internal) values "
)


@pytest.fixture
def empty(bench: Workbench) -> Iterator[Workbench]:
    for table in GIVEN:
        bench.con.execute(f"delete from given.{table}")
    bench.con.execute("insert into given.silver__as_of values ('2026-03-31')")
    yield bench
    for table in GIVEN:
        bench.con.execute(f"delete from given.{table}")


def test_a_landed_journey_takes_the_place_of_a_built_in_one(empty: Workbench) -> None:
    empty.con.execute(
        "insert into given.journeys values ('a', 'A', true, 1, 'once', null, ''), ('b', 'B', true, null, 'once', null, '')"
    )
    empty.con.execute(
        "insert into given.journey_stages (journey_id, stage_number, stage_name, event_name) "
        "values ('a', 1, 'x', 'x'), ('a', 2, 'y', 'y'), ('b', 1, 'x', 'x')"
    )
    empty.con.execute(
        STAGE
        + "('a', 9, 1, 'old', 'o', null, null, null, true, 'once', 's'), ('a', 10, 1, 'now', 'n', null, null, null, true, 'once', 's')"
    )
    empty.build()
    rows = empty.con.execute(
        "select journey_id, defined_by, version, stage_name, max_days_overall, problem from silver.journey_definitions order by 1"
    ).fetchall()
    assert rows == [("a", "s", 10, "now", None, None), ("b", "seed", 1, "x", None, None)]


def test_what_cannot_be_followed_says_why_and_is_left_out(empty: Workbench) -> None:
    bad = {
        "gap": ([(1, "p", None, None), (3, "q", None, None)], "without a gap"),
        "long": ([(n, f"s{n}", None, None) for n in range(1, 6)], "has a stage 5; journey_max_stages is 4"),
        "names": ([(1, "p", None, None), (2, "p", None, None)], "one name"),
        "half": ([(1, "p", "plan", None)], "without its value"),
    }
    for journey, (stages, _) in bad.items():
        for number, name, key, value in stages:
            empty.con.execute(
                STAGE + "(?, 1, ?, ?, 'e', null, ?, ?, true, 'once', 's')", [journey, number, name, key, value]
            )
    for number in (1, 2):
        empty.con.execute(
            STAGE + "('anew', 1, ?, ?, 'e', null, null, null, true, 'always', 's')", [number, f"n{number}"]
        )
    empty.con.execute(EVENT + "('s', 'e1', 'e', '2026-03-01', 'v', null, null, null, null, false, false)")
    empty.build()
    problems = dict(empty.con.execute("select distinct journey_id, problem from silver.journey_definitions").fetchall())
    assert set(problems) == {*bad, "anew"}
    assert all(words in problems[journey] for journey, (_, words) in bad.items())
    assert "never reached" in problems["anew"]
    assert empty.con.execute("select count(*) from silver.journeys").fetchone() == (0,)


def test_stages_ask_for_pages_and_properties(empty: Workbench) -> None:
    empty.con.execute(
        STAGE + "('page', 1, 1, 'p', 'view', '*/a_b*', null, null, true, 'once', 's'), "
        "('column', 1, 1, 'p', 'use', null, 'feature_name', 'search', true, 'once', 's'), "
        "('key', 1, 1, 'p', 'use', null, 'plan', 'pro', true, 'once', 's')"
    )
    empty.con.execute(
        EVENT + "('s', '1', 'view', '2026-03-01', 'yes', null, 'https://h/a_b?c', null, null, false, false), "
        "('s', '2', 'view', '2026-03-01', 'no', null, 'https://h/aXb?c', null, null, false, false), "
        "('s', '3', 'view', '2026-03-01', 'robot', null, 'https://h/a_b', null, null, true, false), "
        "('s', '4', 'use', '2026-03-01', 'yes', null, null, 'search', '{\"plan\": \"pro\"}', false, false), "
        "('s', '5', 'use', '2026-03-01', 'no', null, null, null, 'no json', false, false)"
    )
    empty.build()
    rows = empty.con.execute("select journey_id, person_key from silver.journeys order by 1").fetchall()
    assert rows == [("column", "visitor:yes"), ("key", "visitor:yes"), ("page", "visitor:yes")]


def test_visits_before_the_login_are_of_the_person(empty: Workbench) -> None:
    empty.con.execute(
        STAGE
        + "('j', 1, 1, 'p', 'view', null, null, null, true, 'after_end', 's'), ('j', 1, 2, 'q', 'buy', null, null, null, true, 'after_end', 's')"
    )
    empty.con.execute("insert into given.silver__visitor_people values ('phone', 'u', '1000-01-01', '9999-12-31')")
    empty.con.execute("insert into given.silver__users values ('u', 'gold')")
    empty.con.execute(
        EVENT + "('s', '1', 'view', '2026-03-01', 'phone', null, null, null, null, false, false), "
        "('s', '2', 'buy', '2026-03-02', 'laptop', 'u', null, null, null, false, false)"
    )
    empty.build()
    rows = empty.con.execute("select person_key, golden_customer_id, status from silver.journeys").fetchall()
    assert rows == [("gold", "gold", "completed")]


def test_reported_journeys_stand_beside_the_derived_ones(empty: Workbench) -> None:
    empty.con.execute("insert into given.silver__identity_map values ('crm', '7', 'gold')")
    empty.con.execute(
        STAGE
        + "('mails', 1, 1, 'first', 'never', null, null, null, true, 'once', 's'), ('mails', 1, 2, 'second', 'never', null, null, null, true, 'once', 's')"
    )
    empty.con.execute(
        "insert into given.bronze__journey_instances values "
        "('r1', 'mails', null, null, null, '7', 'crm', '2026-03-01', '2026-03-03', 'abandoned', null, 'tool'), "
        "('r2', 'mails', 'v', null, null, null, 'tool', '2026-03-01', '2026-04-02', 'completed', 'second', 'tool'), "
        "('r3', 'mails', 'v', null, null, null, 'tool', '2026-04-01', null, 'open', null, 'tool')"
    )
    empty.con.execute(
        "insert into given.bronze__journey_analytics_events values ('r1', 'first', 'entered', '2026-03-01', 'tool'), "
        "('r1', 'first', 'completed', '2026-03-02', 'tool'), ('r1', 'second', 'entered', '2026-03-02', 'tool')"
    )
    empty.build()
    rows = empty.con.execute(
        "select person_key, status, last_stage_number, last_stage_name, stages_entered, source from silver.journeys order by 1"
    ).fetchall()
    assert rows == [
        ("gold", "abandoned", 2, "second", 2, "reported"),
        ("visitor:v", "open", 2, "second", 0, "reported"),
    ]
    visits = empty.con.execute(
        "select stage_number, hours_in_stage, is_drop_off from silver.journey_stage_visits order by 1"
    ).fetchall()
    assert [(number, hours and float(hours), drop) for number, hours, drop in visits] == [
        (1, 24.0, False),
        (2, None, True),
    ]
