"""Campaigns: planted effects are what an experiment would find, and a naive comparison finds them only without hidden intent."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from simulator import campaigns
from simulator.journeys import simulate_campaigns
from tests.python.simulator.test_files import digests

PEOPLE, DAYS = 20_000, 84


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Simulates once for each kind of settings; gives the folder."""
    made: dict[str, Path] = {}

    def simulated(intent: float = 1.0, without: tuple[str, ...] = ()) -> Path:
        name = f"intent_{intent}_without_{'_'.join(without)}"
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name)
            simulate_campaigns(PEOPLE, DAYS, 3, intent, made[name], without=without)
        return made[name]

    return simulated


def rows(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as session:
        return session.execute(sql).fetchall()


@pytest.mark.parametrize("channel", ["paid_social", "paid_search", "email"])
def test_an_experiment_without_a_channel_finds_its_planted_effect(run: Callable[..., Path], channel: str) -> None:
    truth = run() / "truth"
    other = run(without=(channel,)) / "truth"
    gone = rows(
        f"select event_id from '{truth}/conversions.parquet' where event_id not in (select event_id from '{other}/conversions.parquet')"
    )
    caused = rows(f"select event_id from '{truth}/conversions.parquet' where caused_by_channel = '{channel}'")
    assert sorted(gone) == sorted(caused)
    assert rows(
        f"select count(*) from '{other}/conversions.parquet' where event_id not in (select event_id from '{truth}/conversions.parquet')"
    ) == [(0,)]
    ((planted, expected),) = rows(
        f"select incremental_conversions, expected_conversions from '{truth}/campaign_effects.csv' where channel = '{channel}'"
    )
    assert planted == len(caused) > 100
    # Purchases after the end of the window are not made: a twentieth at most.
    assert 0.9 * expected - 4 * math.sqrt(expected) < planted < expected + 4 * math.sqrt(expected)


def naive_lift(folder: Path, channel: str, touchpoint_type: str) -> tuple[float, float]:
    """Purchases in the 28 days after a touch, less those in the 28 days after a moment of anybody, and the error of that."""
    ((touched, lift, error),) = rows(
        f"""
        with moment as (
            select person_id, min(occurred_at) as began_at, true as is_touched from '{folder}/truth/touchpoint_truth.parquet'
            where channel = '{channel}' and touchpoint_type = '{touchpoint_type}' group by person_id
            union all
            select person_id, timestamp '2026-08-09' + to_hours((hash(person_id) % 1000)::integer), false
            from '{folder}/truth/shoppers.parquet'
        ),
        counted as (
            select moment.is_touched, moment.person_id, count(bought.event_id) as purchases
            from moment left join '{folder}/truth/conversions.parquet' as bought
                on moment.person_id = bought.person_id and bought.occurred_at > began_at and bought.occurred_at < began_at + interval 28 day
            where began_at < timestamp '2026-10-04'
            group by all
        )
        select count(*) filter (where is_touched), avg(purchases) filter (where is_touched) - avg(purchases) filter (where not is_touched),
            sqrt(var_samp(purchases) filter (where is_touched) / count(*) filter (where is_touched)
                + var_samp(purchases) filter (where not is_touched) / count(*) filter (where not is_touched))
        from counted
        """
    )
    assert touched > 2000
    return lift, error


@pytest.mark.parametrize("channel", ["paid_search", "direct", "organic_search"])
def test_naive_lift_is_right_without_hidden_intent_and_wrong_with_it(run: Callable[..., Path], channel: str) -> None:
    steps = next(item.steps for item in campaigns.CHANNELS if item.name == channel)
    lift, error = naive_lift(run(0.0), channel, steps[0].touchpoint_type)
    assert abs(lift - steps[0].effect) < 3.5 * error
    lift, error = naive_lift(run(1.0), channel, steps[0].touchpoint_type)
    assert lift - steps[0].effect > 5 * error


def test_the_hidden_intent_leaves_the_amounts_as_they_are(run: Callable[..., Path]) -> None:
    for table in ("touchpoint_truth", "conversions"):
        counts = [rows(f"select count(*) from '{run(s)}/truth/{table}.parquet'")[0][0] for s in (0.0, 1.0)]
        assert 0.9 < counts[1] / counts[0] < 1.1, table


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        simulate_campaigns(300, 40, seed, 1.0, tmp_path / name)
    one, two, other = (digests(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert not {name for name in one if name.endswith(".parquet") and one[name] == other.get(name)}


@pytest.mark.parametrize(("name", "value"), [("people", 0), ("intent_strength", 3.0), ("intent_strength", True)])
def test_settings_out_of_range_are_named(tmp_path: Path, name: str, value: object) -> None:
    settings: dict[str, Any] = {"people": 5, "days": 5, "seed": 1, "intent_strength": 1.0, name: value}
    with pytest.raises(ValueError, match=f"{name} is {value!r}; allowed"):
        simulate_campaigns(out=tmp_path / "out", **settings)
    with pytest.raises(ValueError, match="without names 'radio'"):
        simulate_campaigns(5, 5, 1, 1.0, tmp_path / "out", without=("radio",))


def test_every_purchase_of_the_truth_is_an_event_of_the_company(sound_company: Any) -> None:
    c = sound_company
    events = " union all ".join(
        f"select event_id, occurred_at::timestamp as occurred_at, visitor_id, event_value::double as event_value"
        f" from {c.read('customer_events/' + files)} where event_name = 'purchase'"
        for files in ("*.parquet", "*.csv.gz", "*.jsonl.gz")
    )
    ((bought, found, same),) = c.query(
        f"""
        select count(*), count(event.event_id), count(*) filter (
            where abs(date_diff('millisecond', event.occurred_at, bought.occurred_at)) <= 1 and event_value = value and owner.person_id is not null)
        from '{c.truth("conversions")}' as bought
        left join ({events}) as event on bought.event_id = event.event_id
        left join (select distinct visitor_id, person_id from '{c.truth("person_truth")}') as owner
            on event.visitor_id = owner.visitor_id and bought.person_id = owner.person_id
        """
    )[0:1]
    assert bought == found == same > 200
    assert c.query(f"select count(*) from ({events})") == [(bought,)]


def test_touchpoints_name_somebody_and_come_from_the_truth(sound_company: Any) -> None:
    c = sound_company
    source = c.read("touchpoints/*.csv")
    rows_, ids, nameless, strange, unknown = c.query(
        f"""
        select count(*), count(distinct touchpoint_id),
            count(*) filter (where coalesce(visitor_id::varchar, user_id, customer_id, source_record_id) is null),
            count(*) filter (where visitor_id is not null and visitor_id not in (select visitor_id from '{c.truth("shoppers")}')),
            count(*) filter (where touchpoint_id not in (select touchpoint_id from '{c.truth("touchpoint_truth")}')),
        from {source}
        """
    )[0]
    assert rows_ == ids > 5000 and nameless == strange == unknown == 0
    assert {row[0] for row in c.query(f"select distinct touchpoint_type from {source}")} >= {
        "ad_impression", "ad_click", "email_sent", "email_open", "email_click", "call", "branch_visit", "direct_mail", "sms",
    }  # fmt: skip


def test_late_sign_ins_come_weeks_after_the_first_visit(sound_company: Any) -> None:
    c = sound_company
    waits = c.query(
        f"""
        with event as (
            select visitor_id, occurred_at::timestamp as occurred_at, user_id from {c.read("customer_events/*.parquet")}
            union all select visitor_id::varchar, occurred_at, user_id from {c.read("customer_events/*.csv.gz")}
        )
        select date_diff('day', min(occurred_at), min(occurred_at) filter (where user_id is not null)) as days
        from event inner join (select distinct visitor_id from '{c.truth("shoppers")}' where signs_in_at is not null) using (visitor_id)
        group by visitor_id having days is not null
        """
    )
    assert sum(days >= 14 for (days,) in waits) > 20


def test_wrong_clocks_can_be_put_right_from_what_was_sent(company: Any) -> None:
    c = company
    off = c.query(
        f"""
        select count(*), count(distinct sign(clock_error_seconds)),
            max(abs(date_diff('second', true_at, exported.received_at - (sent_at - exported.occurred_at)))),
            min(abs(date_diff('second', true_at, exported.occurred_at))),
        from '{c.truth("event_deliveries")}' as truth
        inner join '{c.landing("customer_events/*.parquet")}' as exported using (event_id)
        where kind = 'wrong_clock' and not exists (
            select 1 from '{c.truth("event_deliveries")}' as other where other.event_id = truth.event_id and other.kind <> 'wrong_clock')
        """
    )[0]
    assert off[0] > 100 and off[1] == 2
    assert off[2] <= 1 and off[3] >= 3600
    ordinary = c.query(
        f"""
        select max(abs(date_diff('second', occurred_at, received_at - (sent_at - occurred_at)))) from '{c.landing("customer_events/*.parquet")}'
        where visitor_id not in (select visitor_id from '{c.truth("event_deliveries")}' where kind = 'wrong_clock' and visitor_id is not null)
        """
    )[0][0]
    assert ordinary <= 1


def test_events_come_days_late_and_some_once_more(company: Any) -> None:
    c = company
    events = f"""(
        select event_id, received_at, filename from read_parquet('{c.landing("customer_events/*.parquet")}', filename = true)
        union all select event_id, received_at, filename from read_csv('{c.landing("customer_events/*.csv.gz")}', filename = true, ignore_errors = true)
    )"""
    late = c.query(
        f"select date_diff('hour', true_at, truth.received_at) // 24 from '{c.truth('event_deliveries')}' as truth"
        f" semi join {events} as event on truth.event_id = event.event_id and event.received_at::varchar = truth.received_at::varchar where kind = 'late'"
    )
    assert sum(1 <= days <= 3 for (days,) in late) > 20 and sum(days > 3 for (days,) in late) > 5
    twice = c.query(
        f"""
        select count(distinct filename), count(distinct event.received_at)
        from {events} as event semi join (select event_id from '{c.truth("event_deliveries")}' where kind = 'again') as again
            on event.event_id = again.event_id
        group by event.event_id having count(*) > 1
        """
    )
    assert len(twice) > 15 and {1, 2} <= {receipts for _, receipts in twice} and {files for files, _ in twice} <= {2, 3}


def test_robots_mostly_say_so(company: Any) -> None:
    c = company
    shares = c.query(
        f"""
        select person_id is null, avg(regexp_matches(lower(user_agent), 'bot|python|headless')::integer), avg(is_bot::integer)
        from '{c.landing("customer_events/*.parquet")}'
        inner join (select distinct visitor_id, person_id from '{c.truth("person_truth")}') using (visitor_id) group by 1 order by 1
        """
    )
    assert shares[0][1:] == (0.0, 0.0)
    assert 0.5 < shares[1][1] < 0.95 and 0.3 < shares[1][2] < 0.9
