"""Days of a daily fact: those that are there, those that changed, and the holes."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from orchestration.days import FACTS, DailyFact, days_of, missing_days

FACT = DailyFact("gold.facts", "date_day", "sum(score)")


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("create schema gold")
        con.execute(
            "create table gold.facts as select date '2026-10-01' + n::int as date_day, who, 0.1 * n + who as score "
            "from range(10) as days(n), range(3) as people(who)"
        )
        yield con


def test_days_with_their_rows_in_order(con):
    days = days_of(con, FACT)
    assert list(days) == [f"2026-10-{day:02d}" for day in range(1, 11)]
    assert {day.rows for day in days.values()} == {3}


@pytest.mark.parametrize(
    "change",
    [
        "update gold.facts set score = score + 1 where who = 1 and date_day = '2026-10-04'",
        "delete from gold.facts where who = 2 and date_day = '2026-10-04'",
    ],
)
def test_only_the_day_that_changed_has_another_mark(con, change: str):
    before = days_of(con, FACT)
    con.execute("create or replace table gold.facts as select * from gold.facts order by score desc")
    assert days_of(con, FACT) == before, "the order of rows is no change"
    con.execute(change)
    after = days_of(con, FACT)
    assert [day for day in after if after[day] != before[day]] == ["2026-10-04"]


def test_holes_and_a_last_day_that_has_not_come(con):
    con.execute("delete from gold.facts where date_day in ('2026-10-05', '2026-10-09')")
    days = days_of(con, FACT)
    assert missing_days(days, None) == ["2026-10-05", "2026-10-09"]
    assert missing_days(days, date(2026, 10, 12)) == ["2026-10-05", "2026-10-09", "2026-10-11", "2026-10-12"]
    assert missing_days({}, date(2026, 10, 12)) == []


def test_a_day_whose_figures_are_unknown_is_a_day(con):
    con.execute("update gold.facts set score = null where date_day = '2026-10-03'")
    assert days_of(con, FACT)["2026-10-03"].rows == 3


def test_daily_facts_are_tables_of_the_project(flow):
    from orchestration.project import RELATIONS

    for fact in FACTS:
        assert fact.day in RELATIONS[fact.table]["columns"], fact.table
        assert (RELATIONS[fact.table]["config"]["materialized"] == "incremental") == fact.incremental
