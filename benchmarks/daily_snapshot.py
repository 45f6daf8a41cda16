"""The daily history of accounts and their scores over companies of growing size, and one further day beside a rebuild, in one run.

python -m benchmarks.daily_snapshot [accounts ...]

Each company is simulated with a year of history and built; then the events of a further day come, then the history is built anew. What
is timed are the models of the history: silver__account_days, silver__account_steps, silver__account_daily and fct_scores. The increment
must hold the rows of the rebuild.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.identity import RESULTS, dbt
from simulator.company import simulate

MODELS = ("account_days", "account_steps", "account_daily", "fct_scores")
TABLES = ("silver.account_daily", "gold.fct_scores")
#: the exponent of seconds by rows between the two largest sizes; one further day by a rebuild
TARGETS = {"exponent": 1.1, "further day / rebuild": 0.1}


def _bring_a_day(events: Path) -> None:
    """The events of the last day once more, a day later, with ids of their own."""
    last = f"read_json('{events / '*_2026-10.jsonl.gz'}', maximum_depth = 1)"
    later = ", ".join(
        f"strftime(cast({name} as timestamp) + interval 1 day, '%Y-%m-%d %H:%M:%S.%f') as {name}"
        for name in ("occurred_at", "received_at")
    )
    with duckdb.connect() as con:
        con.execute(
            f"""copy (
                select * replace (event_id || '-further' as event_id, {later}) from {last} where cast(occurred_at as timestamp) >= '2026-10-31'
            ) to '{events / "customer_events_2026-11-01.csv"}' (header)"""
        )


def measure(accounts: int) -> dict[str, Any]:
    """One company: rows, seconds of the history anew and of one further day."""
    with tempfile.TemporaryDirectory(prefix="daily-") as name:
        folder = Path(name)
        simulate(accounts=accounts, days=365, seed=7, broken=False, out=folder)
        dbt(folder, "", "+fct_scores")
        _bring_a_day(folder / "landing" / "files" / "customer_events")
        further = dbt(folder, "", "+fct_scores")
        with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
            for table in TABLES:
                con.execute(f"create table main.kept_{table.split('.')[1]} as from {table}")
                con.execute(f"drop table {table}")
        anew = dbt(folder, "", "+fct_scores")
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
            rows = {table: con.execute(f"select count(*) from {table}").fetchall()[0][0] for table in TABLES}
            for table in TABLES:
                kept = f"main.kept_{table.split('.')[1]}"
                differing = con.execute(
                    f"select count(*) from ((from {table} except all from {kept}) union all (from {kept} except all from {table}))"
                ).fetchall()[0][0]
                if differing:
                    raise SystemExit(f"{differing:,} rows of {table} differ between the increment and the rebuild.")
    return {
        "accounts": accounts,
        "rows": rows,
        "seconds_anew": {model: round(anew[model], 3) for model in MODELS},
        "seconds_further_day": {model: round(further[model], 3) for model in MODELS},
    }


def main() -> None:
    """Measure, print, keep in results/."""
    sizes = [int(size) for size in sys.argv[1:]] or [100, 1_000, 10_000]
    measured = []
    for size in sizes:
        one = measure(size)
        measured.append(one)
        anew, further = sum(one["seconds_anew"].values()), sum(one["seconds_further_day"].values())
        print(
            f"{size:>7,} accounts, {one['rows']['silver.account_daily']:>10,} account days: anew {anew:.2f} s, further day {further:.2f} s,"
            f" ratio {further / anew:.3f}",
            flush=True,
        )
    ratios = {
        "exponent": [
            round(
                math.log(sum(b["seconds_anew"].values()) / sum(a["seconds_anew"].values()))
                / math.log(b["rows"]["silver.account_daily"] / a["rows"]["silver.account_daily"]),
                3,
            )
            for a, b in pairwise(measured)
        ],
        "further day / rebuild": [
            round(sum(one["seconds_further_day"].values()) / sum(one["seconds_anew"].values()), 3) for one in measured
        ],
    }
    result = {"sizes": measured, "ratios": ratios, "targets": TARGETS, "load_average": round(os.getloadavg()[0], 1)}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"daily_snapshot_{max(sizes)}.json").write_text(json.dumps(result, indent=1) + "\n")
    for name, values in ratios.items():
        print(f"  {name:22} {', '.join(str(value) for value in values)}   target {TARGETS[name]}")


if __name__ == "__main__":
    main()
