"""What a daily fact holds of each day: which days there are, with how many rows, and whether one is missing. Pure SQL; knows no Dagster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb


@dataclass(frozen=True)
class DailyFact:
    """A table with rows for every day.

    Attributes:
        table: as schema.table.
        day: its column with the day.
        measure: a figure in SQL. If it or the number of rows changes, the day was built anew.
        frequency: the variable of the project that says which days the table shows, if there is one: `daily`, or a sparser one.
        incremental: whether only a rebuild computes old days anew.
    """

    table: str
    day: str
    measure: str
    frequency: str | None = None
    incremental: bool = False


FACTS = (
    DailyFact("gold.fct_scores", "date_day", "sum(score_value)", incremental=True),
    DailyFact("entity.entity_customers_daily", "date", "sum(customer_health_score) + sum(total_mrr)"),
    DailyFact("gold.fct_customer_daily_snapshot", "date_day", "sum(days_in_stage)", "snapshot_frequency"),
)


@dataclass(frozen=True)
class Day:
    """What a table holds of a day: rows, and a mark that changes if they do."""

    rows: int
    mark: str


def days_of(con: duckdb.DuckDBPyConnection, fact: DailyFact) -> dict[str, Day]:
    """The days of a table (ISO, in order) and what it holds of each."""
    found = con.execute(
        f"select cast({fact.day} as varchar), count(*), coalesce(cast(round({fact.measure}, 3) as varchar), '') "
        f"from {fact.table} where {fact.day} is not null group by 1 order by 1"
    ).fetchall()
    return {day: Day(rows, f"{rows}|{measure}") for day, rows, measure in found}


def missing_days(days: dict[str, Day], last: date | None) -> list[str]:
    """Days without a row between the first that has one and `last`, the day of as_of (None: the last that has one)."""
    if not days:
        return []
    first, end = date.fromisoformat(min(days)), last or date.fromisoformat(max(days))
    every = (first + timedelta(days=n) for n in range((end - first).days + 1))
    return [day.isoformat() for day in every if day.isoformat() not in days]


def day_of_as_of(con: duckdb.DuckDBPyConnection) -> date | None:
    """The day that the build speaks for."""
    found: list[tuple[date | None]] = con.execute("select cast(as_of as date) from silver.as_of").fetchall()
    return found[0][0] if found else None
