"""What each run and each of its parts cost, kept as tables in schema `operations` of the warehouse, and copied into each release.

`operations.runs` has a row per run, `operations.model_runs` a row per run and part of it (model, seed, check, Python step), and
`operations.model_costs`, a view, a row per part: what it took last, beside its own history. Failed runs are kept as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from operations.faults import WAREHOUSE
from operations.retention import retention

RUNS = """
    run_number bigint not null, run_id varchar not null, command varchar not null, started_at timestamp not null, seconds double not null,
    outcome varchar not null, release_id varchar, load_id bigint, parts bigint not null, checks_passed bigint not null,
    checks_warned bigint not null, checks_failed bigint not null, problem varchar
"""
MODEL_RUNS = """
    run_number bigint not null, run_id varchar not null, node_id varchar not null, name varchar not null, kind varchar not null,
    part varchar not null, status varchar not null, started_at timestamp, seconds double not null, table_rows bigint, failures bigint
"""
#: The usual time of a part is the median of so many of its earlier runs that went through, if there are at least the second number.
USUAL_RUNS = 20
USUAL_AT_LEAST = 3
#: Slower than usual is more than so many times the usual time, and by so many seconds: a tenth of a second is nobody's worry.
SLOWER_TIMES = 2.0
SLOWER_SECONDS = 1.0
WENT_THROUGH = "('success', 'pass', 'warn')"

COSTS = f"""
with counted as (
    select
        *,
        row_number() over (partition by node_id order by run_number desc nulls last, started_at desc nulls last) as recency
    from operations.model_runs
    where status in {WENT_THROUGH}
),
last_runs as (
    select * from counted where recency = 1
),
usual as (
    select node_id, count(*) as earlier_runs, median(seconds) as usual_seconds
    from counted
    where recency between 2 and {USUAL_RUNS + 1}
    group by node_id
),
whole_runs as (
    select run_number, sum(seconds) as seconds from operations.model_runs group by run_number
)
select
    last_runs.node_id,
    last_runs.name,
    last_runs.kind,
    last_runs.run_id,
    last_runs.started_at,
    last_runs.seconds,
    last_runs.table_rows,
    last_runs.seconds / nullif(whole_runs.seconds, 0) as share_of_run,
    cast(coalesce(usual.earlier_runs, 0) as bigint) as earlier_runs,
    case when usual.earlier_runs >= {USUAL_AT_LEAST} then usual.usual_seconds end as usual_seconds,
    coalesce(
        usual.earlier_runs >= {USUAL_AT_LEAST}
        and last_runs.seconds > {SLOWER_TIMES} * usual.usual_seconds
        and last_runs.seconds > usual.usual_seconds + {SLOWER_SECONDS},
        false
    ) as is_slower_than_usual
from last_runs
inner join whole_runs on last_runs.run_number = whole_runs.run_number
left join usual on last_runs.node_id = usual.node_id
"""
COMMENTS = {
    "runs": "One row per run, and per release that `customer-analytics publish` made or refused. Times are UTC; "
    "outcome is published, built (not, or not yet, published: the row of the run that made this release "
    "says so) or failed; problem is the first thing that went wrong.",
    "model_runs": "One row per run and part of it: model, seed, check or Python step. seconds is wall time, of which two parts may share a "
    "moment; table_rows is how many rows the table holds after the run; failures is how many rows a check found.",
    "model_costs": "One row per part that ever went through: its last run beside its own history. share_of_run is its part of the sum of seconds "
    f"of that run; usual_seconds the median of up to {USUAL_RUNS} earlier ones (null with fewer than {USUAL_AT_LEAST}).",
}


@dataclass(frozen=True)
class PartRun:
    """One part of a run.

    Attributes:
        node_id: dbt's unique id, or step.<name> of a Python step.
        name: what people call it.
        kind: model, seed, test, unit_test, operation or step.
        part: which part of the run it was in: first, middle, last; empty for a build of its own.
        status: as dbt says it: success, pass, warn, fail, error, skipped.
        started_at: UTC, without a zone; None for what was skipped.
        seconds: wall time.
        failures: rows that a check found.
        message: what went wrong; empty if nothing did.
        relation: schema.table that it builds, if it builds one.
    """

    node_id: str
    name: str
    kind: str
    part: str
    status: str
    started_at: datetime | None
    seconds: float
    failures: int | None = None
    message: str = ""
    relation: str | None = None


@dataclass(frozen=True)
class RunFacts:
    """What one run was: the same facts fill `operations.runs` and last_run.json."""

    run_id: str
    command: str
    started_at: datetime
    seconds: float
    outcome: str
    release_id: str | None
    parts: int
    checks_passed: int
    checks_warned: int
    checks_failed: int
    problem: str | None = None


def parts_of(results: Iterable[Any], part: str = "") -> list[PartRun]:
    """The parts of a run from dbt's results (`dbtRunner().invoke(…).result.results`)."""
    found = []
    for result in results:
        node = result.node
        started = [timing.started_at for timing in result.timing or [] if timing.started_at]
        found.append(
            PartRun(
                node.unique_id,
                node.name,
                str(node.resource_type),
                part,
                str(result.status),
                _utc(min(started)) if started else None,
                float(result.execution_time or 0.0),
                result.failures,
                "" if str(result.status) in ("success", "pass") else " ".join((result.message or "").split()),
                f"{node.schema}.{node.alias}" if str(node.resource_type) in ("model", "seed") else None,
            )
        )
    return found


def parts_of_file(run_results: Path, part: str = "") -> list[PartRun]:
    """The same from the run_results.json that dbt's own command line writes; nothing if there is none or it cannot be read."""
    try:
        results = json.loads(run_results.read_text())["results"]
    except (OSError, ValueError, KeyError):
        return []
    found = []
    for result in results:
        kind, _, name = result["unique_id"].split(".")[:3]
        started = [timing["started_at"] for timing in result.get("timing", []) if timing.get("started_at")]
        names = [word.strip('"') for word in (result.get("relation_name") or "").split(".")]
        found.append(
            PartRun(
                result["unique_id"],
                name,
                kind,
                part,
                result["status"],
                _utc(datetime.fromisoformat(min(started))) if started else None,
                float(result.get("execution_time") or 0.0),
                result.get("failures"),
                "" if result["status"] in ("success", "pass") else " ".join((result.get("message") or "").split()),
                ".".join(names[-2:]) if kind in ("model", "seed") and len(names) > 1 else None,
            )
        )
    return found


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def record(data_dir: Path, run: RunFacts, parts: Sequence[PartRun]) -> None:
    """Keep what a run cost. Said again of the same run (built, then published), the later word counts.

    What is older than keep_run_days, counted back from the newest run, is removed. A history begins with the first run that built something.

    Raises:
        duckdb.Error: the warehouse cannot be written; it is as it was.
    """
    warehouse = data_dir / WAREHOUSE
    if not warehouse.exists():
        return
    with duckdb.connect(str(warehouse)) as con:
        begun = con.execute("select count(*) from duckdb_schemas() where schema_name = 'operations'").fetchall()[0][0]
        if not (begun or parts):
            return
        con.begin()
        _create(con)
        known = con.execute("select run_number from operations.runs where run_id = ?", [run.run_id]).fetchall()
        number = (
            known[0][0]
            if known
            else con.execute("select coalesce(max(run_number), 0) + 1 from operations.runs").fetchall()[0][0]
        )
        con.execute("delete from operations.runs where run_number = ?", [number])
        con.execute(
            "insert into operations.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(number, run.run_id, run.command, _utc(run.started_at), run.seconds, run.outcome, run.release_id),
                *(_load_id(con), run.parts, run.checks_passed, run.checks_warned, run.checks_failed, run.problem),
            ],
        )
        if parts:
            con.execute("delete from operations.model_runs where run_number = ?", [number])
            con.register("fresh_parts", _frame(parts))
            con.execute(
                f"insert into operations.model_runs select {int(number)}, ?, node_id, name, kind, part, status, started_at, seconds, "
                "tables.estimated_size, failures from fresh_parts left join duckdb_tables() as tables "
                "on tables.database_name = current_database() and tables.schema_name || '.' || tables.table_name = fresh_parts.relation "
                "and fresh_parts.status != 'skipped'",
                [run.run_id],
            )
            con.unregister("fresh_parts")
        _forget_old(con)
        con.commit()


def _create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists operations")
    con.execute(f"create table if not exists operations.runs ({RUNS})")
    con.execute(f"create table if not exists operations.model_runs ({MODEL_RUNS})")
    con.execute(f"create or replace view operations.model_costs as {COSTS}")
    for name, comment in COMMENTS.items():
        kind = "view" if name == "model_costs" else "table"
        con.execute(f"comment on {kind} operations.{name} is '{comment.replace(chr(39), chr(39) * 2)}'")


def _frame(parts: Sequence[PartRun]) -> pd.DataFrame:
    frame = pd.DataFrame([vars(part) for part in parts]).drop(columns="message")
    return frame.astype(
        {"started_at": "datetime64[us]", "failures": "Int64", "relation": "string", "seconds": "float64"}
    )


def _load_id(con: duckdb.DuckDBPyConnection) -> int | None:
    there = con.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() and schema_name = 'landing' and table_name = 'files'"
    ).fetchall()[0][0]
    return con.execute("select max(load_id) from landing.files").fetchall()[0][0] if there else None


def _forget_old(con: duckdb.DuckDBPyConnection) -> None:
    """By the newest run and not by the clock, so that a clock that is wrong for a day costs no history."""
    newest = con.execute("select max(started_at) from operations.runs").fetchall()[0][0]
    before = newest - timedelta(days=retention().run_days)
    con.execute(
        "delete from operations.model_runs where run_number in (select run_number from operations.runs where started_at < ?)",
        [before],
    )
    con.execute("delete from operations.runs where started_at < ?", [before])


def dearest(con: duckdb.DuckDBPyConnection, most: int = 10) -> list[dict[str, Any]]:
    """The parts of the last run that took longest: name, kind, seconds, share_of_run, usual_seconds, is_slower_than_usual, table_rows.

    Nothing where no run has been recorded.
    """
    there = con.execute("select count(*) from information_schema.tables where table_schema = 'operations'").fetchall()
    if not there[0][0]:
        return []
    result = con.execute(
        "select name, kind, seconds, share_of_run, usual_seconds, is_slower_than_usual, table_rows, run_id from operations.model_costs "
        "where run_id = (select max_by(run_id, run_number) from operations.model_runs) order by seconds desc, node_id limit ?",
        [most],
    )
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
