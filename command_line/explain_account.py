"""Explains the scores of an account on a day: the signals they are the sum of, and the rows each signal was measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape

from command_line.explain_person import ExplainError, Row, counted, open_warehouse, print_table, rows, tables

SCORES = ("health", "churn_risk", "success")
SHOWN_ROWS = 40

#: Where the landed rows lie of silver tables that gather many of them in one.
_EVENTS = (
    "select occurred_at as happened_at, event_name as what, source_file, source_line from silver.cleansed_events "
    "where customer_id = $customer and cast(occurred_at as date) between $since and $day "
    "and not is_heartbeat and not is_robot and not is_internal"
)
_USAGE = (
    "select used_at as happened_at, feature_name || ' × ' || usage_count as what, source_file, source_line "
    "from silver.feature_usage where customer_id = $customer and cast(used_at as date) between $since and $day"
)
_TERMS = (
    "select valid_from as happened_at, coalesce(plan_name, subscription_id) || ', ' || coalesce(cast(mrr as varchar), 'unknown') "
    "|| ' US dollars a month' || case when valid_to is null then '' else ', until ' || cast(valid_to as date) end as what, "
    "source_file, source_line from silver.subscription_terms where customer_id = $customer and cast(valid_from as date) <= $day "
    "and (valid_to is null or cast(valid_to as date) >= $since)"
)
LANDED = {
    "silver.activity_days": f"{_EVENTS} union all {_USAGE}",
    "silver.feature_use": f"{_EVENTS} and feature_name is not null union all {_USAGE}",
    "silver.account_sessions": _EVENTS,
    "silver.mrr_movements": _TERMS,
    "silver.subscription_terms": _TERMS,
}
#: What of a silver row says what it is, in the order in which it is shown.
TOLD = (
    "record_type record_id ticket_id engagement_id goal_id response_id document_id kind engagement_type survey_type priority status "
    "outcome is_escalated resolution_hours satisfaction_ratio score_ratio response_hours mentions_competitor discusses_pricing "
    "mentions_budget_constraints requests_feature stakeholders_invited stakeholders_attended paid_in_time goal_name"
).split()


@dataclass(frozen=True)
class Account:
    """An account on a day with the scores it had and the rows they are the sum of."""

    customer_id: str
    listed: Row
    day: date
    scores: list[Row]
    contributions: list[Row]


def open_scores(data_dir: Path) -> duckdb.DuckDBPyConnection:
    """The private warehouse, read-only. Raises ExplainError if it cannot be read or holds no scores."""
    con = open_warehouse(data_dir)
    if "gold.fct_scores" not in tables(con):
        con.close()
        raise ExplainError(f"{data_dir / 'warehouse.duckdb'} holds no scores yet; run `customer-analytics run` first.")
    return con


def read_account(con: duckdb.DuckDBPyConnection, asked: str, on: str | None) -> Account:
    """The scores of an account, named by its id or its whole name, on a day (YYYY-MM-DD; the last one if none is given).

    Raises ExplainError if no or more than one account is meant, the day cannot be read, or the account had no score on it.
    """
    asked = asked.strip()
    listed = rows(con, "select * from silver.accounts where customer_id = ?", [asked]) or rows(
        con, "select * from silver.accounts where lower(customer_name) = lower(?) order by customer_id", [asked]
    )
    if not listed:
        raise ExplainError(f"No account is known as '{asked}'; give a customer_id or the whole name of an account.")
    if len(listed) > 1:
        shown = ", ".join(str(row["customer_id"]) for row in listed[:5])
        raise ExplainError(f"{len(listed)} accounts are called '{asked}': ask for one of them, {shown}.")
    customer = str(listed[0]["customer_id"])
    bounds = rows(
        con,
        "select min(date_day) as first_day, max(date_day) as last_day, (select max(date_day) from gold.fct_scores) as today "
        "from gold.fct_scores where customer_id = ?",
        [customer],
    )[0]
    if bounds["first_day"] is None:
        raise ExplainError(
            f"{customer} has no score: scores stand for days on which an account was a customer, and it never was in the kept history."
        )
    try:
        day = date.fromisoformat(on) if on else bounds["last_day"]
    except ValueError as error:
        raise ExplainError(f"--at is '{on}'; it must be a day such as {bounds['last_day']}.") from error
    scores = rows(
        con,
        "select * from gold.fct_scores where customer_id = ? and date_day = ? "
        "order by case score when 'health' then 1 when 'churn_risk' then 2 else 3 end",
        [customer, day],
    )
    if not scores:
        raise ExplainError(
            f"{customer} has no score on {day}; within the kept history it was a customer "
            f"on days from {bounds['first_day']} to {bounds['last_day']}."
        )
    contributions = rows(
        con,
        "select contributions.*, signals.sentence, signals.source_time, signals.source_condition "
        "from gold.fct_score_contributions as contributions "
        "inner join reference.score_signals as signals using (score, signal) "
        "where contributions.customer_id = ? and contributions.date_day = ? order by score, component, signal",
        [customer, day],
    )
    return Account(customer, listed[0], day, scores, contributions)


def rows_behind(con: duckdb.DuckDBPyConnection, account: Account, contribution: Row) -> list[Row]:
    """The rows that the raw value of a signal was measured on, the latest first: when, what, and where each of them landed."""
    table = contribution["source_table"]
    since = account.day - timedelta(days=contribution["window_days"] - 1)
    values = {"customer": account.customer_id, "since": since, "day": account.day}
    if table in LANDED:
        sql = LANDED[table]
    else:
        schema, name = table.split(".")
        there = rows(
            con,
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ?",
            [schema, name],
        )
        told = [name for name in TOLD if name in {row["column_name"] for row in there}]
        what = ", ".join(
            f"case when cast({name} as varchar) not in ('', 'false') then '{name.replace('_', ' ')} ' || cast({name} as varchar) end"
            for name in told
        )
        sql = (
            f"select {contribution['source_time']} as happened_at, concat_ws(', ', {what}) as what, source_file, source_line "
            f"from {table} where customer_id = $customer and cast({contribution['source_time']} as date) between $since and $day"
        )
        if contribution["source_condition"]:
            sql += f" and ({contribution['source_condition']})"
    answer = con.execute(f"{sql} order by happened_at desc, source_file, source_line", values)
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def print_account(
    console: Console, con: duckdb.DuckDBPyConnection, account: Account, score: str | None, signal: str | None
) -> None:
    """Prints the scores down to the signals, and with a signal down to its rows. Raises ExplainError for a score or signal that is not there."""
    if score is not None and score not in SCORES:
        raise ExplainError(f"--score is '{score}'; it must be one of {', '.join(SCORES)}.")
    shown = [row for row in account.scores if score in (None, row["score"])]
    if signal is not None:
        _print_signal(console, con, account, shown, signal)
        return
    name = account.listed["customer_name"]
    console.print(
        f"[bold]{escape(account.customer_id)}[/bold]  {escape(str(name))}, {account.listed['customer_tier']}, "
        f"{escape(str(account.listed['industry']))}, on {account.day}"
    )
    if account.listed["source_file"]:
        console.print(f"listed in {escape(account.listed['source_file'])}, line {account.listed['source_line']}")
    for row in shown:
        _print_score(console, con, account, row)
    console.print(
        "\nA contribution is the normalised value (0 to 100) by the weight; a score is the sum of its contributions. What is unknown takes no"
        "\npart: its weight is shared out among the rest, and the coverage says how much of the full weight is known."
        "\nThe rows of a signal: --signal NAME."
    )


def _print_score(console: Console, con: duckdb.DuckDBPyConnection, account: Account, score: Row) -> None:
    parts = [row for row in account.contributions if row["score"] == score["score"]]
    worst_first = score["score"] == "churn_risk"
    parts.sort(
        key=lambda row: row["contribution"] if worst_first else row["weight"] - row["contribution"], reverse=True
    )
    known = {row["signal"] for row in parts}
    missing = rows(
        con, "select signal from reference.score_signals where score = ? order by component, signal", [score["score"]]
    )
    print_table(
        console,
        f"{score['score']} {score['score_value']:.1f}, {score['band']}, coverage {score['coverage_pct']:.0f} %",
        [
            "component",
            "signal",
            "raw value",
            "unit",
            "counts 0 / 50 / 100 at",
            "normalised",
            "weight",
            "contribution",
            "rows",
            "in words",
        ],
        [
            [
                row["component"],
                row["signal"],
                f"{row['raw_value']:.4g}",
                row["unit"],
                f"{row['value_at_0']:g} / {row['value_at_50']:g} / {row['value_at_100']:g}",
                f"{row['normalised_value']:.1f}",
                f"{row['weight']:.2f}",
                f"{row['contribution']:.2f}",
                f"{len(rows_behind(con, account, row)):,}",
                in_words(row),
            ]
            for row in parts
        ],
    )
    console.print(f"sum of {counted(len(parts), 'contribution')}: {sum(row['contribution'] for row in parts):.9f}")
    unknown = [row["signal"] for row in missing if row["signal"] not in known]
    if unknown:
        console.print(f"unknown on this day: {', '.join(unknown)}")


def _print_signal(
    console: Console, con: duckdb.DuckDBPyConnection, account: Account, scores: Sequence[Row], signal: str
) -> None:
    wanted = {row["score"] for row in scores}
    found = [row for row in account.contributions if row["signal"] == signal and row["score"] in wanted]
    if not found:
        there = sorted({row["signal"] for row in account.contributions if row["score"] in wanted})
        raise ExplainError(
            f"--signal is '{signal}', which took no part on {account.day}; it must be one of {', '.join(there)}."
        )
    first = found[0]
    behind = rows_behind(con, account, first)
    since = account.day - timedelta(days=first["window_days"] - 1)
    used = ", ".join(f"{row['score']} {row['contribution']:.2f} of {row['weight']:.2f}" for row in found)
    console.print(
        f"[bold]{escape(signal)}[/bold] of {escape(account.customer_id)} on {account.day}: {first['raw_value']:.6g} {first['unit']} "
        f"({escape(in_words(first))}); contributes to {used}"
    )
    console.print(f"{counted(len(behind), 'row')} of {first['source_table']} from {since} to {account.day}")
    print_table(
        console,
        "rows",
        ["when", "what", "file", "line"],
        [
            [_moment(row["happened_at"]), row["what"], row["source_file"], row["source_line"]]
            for row in behind[:SHOWN_ROWS]
        ],
    )
    if len(behind) > SHOWN_ROWS:
        console.print(f"… and {len(behind) - SHOWN_ROWS:,} more")


def in_words(contribution: Row) -> str:
    """The sentence of a signal with its value, a ratio in per cent."""
    value = contribution["raw_value"]
    shown = f"{100 * value:.0f} %" if contribution["unit"] == "ratio" else f"{value:.0f}"
    return str(contribution["sentence"]).replace("{value}", shown)


def _moment(value: Any) -> str:
    return "" if value is None else str(value)[:19]
