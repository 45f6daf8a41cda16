"""What was judged, kept as tables of schema `quality` in the warehouse: one row per run, one per result.

A run that judges the same state anew takes the place of the earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import duckdb
import pandas as pd

from data_quality.judging import Result

_SCHEMA = """
create schema if not exists quality;
create table if not exists quality.runs (
    run_id varchar not null, boundary varchar not null, checked_at timestamp not null, load_id bigint not null, compared_with varchar,
    results bigint not null, passed bigint not null, warned bigint not null, failed bigint not null, accepted bigint not null,
    not_compared bigint not null
);
create table if not exists quality.expectation_results (
    run_id varchar not null, boundary varchar not null, suite varchar not null, expectation varchar not null, severity varchar not null,
    table_name varchar not null, column_name varchar, source_file varchar, success boolean, observed double, lowest double, highest double,
    observed_words varchar not null, expected_words varchar not null, sentence varchar not null, accept_id varchar, is_accepted boolean not null
);
"""
_COMMENTS = {
    "quality.runs": "One row per run of the expectations at a boundary (landing or marts).",
    "quality.expectation_results": "One row per run, expectation, table, column and file: what was observed and what was expected. "
    "success is empty where there was nothing to compare with.",
}


def remember(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    boundary: str,
    results: Sequence[Result],
    load_id: int,
    compared_with: str | None,
    days_kept: int,
) -> None:
    """Write a run into the history, and forget runs that are older than they are kept."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    con.execute(_SCHEMA)
    con.begin()
    for table, words in _COMMENTS.items():
        con.execute(f"comment on table {table} is '{words}'")
        con.execute(f"delete from {table} where run_id = ?", [run_id])
    counts = (
        len(results),
        sum(result.success is True for result in results),
        sum(result.warns and not result.is_accepted for result in results),
        sum(result.blocks for result in results),
        sum(result.is_accepted for result in results),
        sum(result.success is None for result in results),
    )
    con.execute(
        "insert into quality.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [run_id, boundary, now, load_id, compared_with, *counts],
    )
    if results:
        rows = pd.DataFrame([asdict(result) for result in results]).astype(
            {"success": "boolean", "observed": "float64", "lowest": "float64", "highest": "float64"}
        )
        con.register("judged_results", rows)
        con.execute(
            'insert into quality.expectation_results select ?, boundary, suite, expectation, severity, "table", "column", file, success, '
            "case when isnan(observed) then null else observed end, case when isnan(lowest) then null else lowest end, "
            "case when isnan(highest) then null else highest end, observed_words, expected_words, sentence, accept_id, is_accepted from judged_results",
            [run_id],
        )
        con.unregister("judged_results")
    con.execute(
        "delete from quality.expectation_results where run_id in (select run_id from quality.runs where checked_at < ? - to_days(?))",
        [now, days_kept],
    )
    con.execute("delete from quality.runs where checked_at < ? - to_days(?)", [now, days_kept])
    con.commit()


def latest_runs(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The last run of each boundary: the columns of quality.runs."""
    return con.execute(
        "select * from quality.runs qualify row_number() over (partition by boundary order by checked_at desc, run_id) = 1 order by boundary"
    ).df()


def results_of(con: duckdb.DuckDBPyConnection, run_id: str) -> pd.DataFrame:
    """The results of a run: the columns of quality.expectation_results."""
    return con.execute(
        "select * from quality.expectation_results where run_id = ? order by suite, expectation, table_name, column_name, source_file",
        [run_id],
    ).df()


def past_of(con: duckdb.DuckDBPyConnection, boundary: str, most: int) -> pd.DataFrame:
    """How the expectations of a boundary did in the last runs: expectation, run_id, checked_at, judged, failed, oldest first."""
    return con.execute(
        "select expectation, run_id, checked_at, count(success) as judged, count(*) filter (where not success) as failed "
        "from quality.expectation_results inner join (select run_id, checked_at from quality.runs where boundary = ? "
        "order by checked_at desc, run_id limit ?) using (run_id) group by all order by expectation, checked_at, run_id",
        [boundary, most],
    ).df()
