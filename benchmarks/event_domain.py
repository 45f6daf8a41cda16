"""All models of events, sessions, journeys and attribution over many events, beside a plain copy of the events; and a day onto a year of them,
beside that day alone. In one run.

python -m benchmarks.event_domain [million events]

Events are those of benchmarks.sessions, spread over a year and already in bronze; the further day is read from where it landed. Seconds are by
the clock of a whole build of these models on two threads; `nothing` is such a build over no events (dbt's own start, and empty tables), which
is taken off for the first ratio.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.identity import RESULTS, dbt
from benchmarks.sessions import events, land, timed

DAYS = 365
TARGETS = {"domain / copy": 12.0, "day onto a year / day alone": 1.5}
DOMAIN = (
    *("bronze__customer_events", "silver__as_of", "silver.sessions", "silver.stitching", "silver.channels", "silver.attribution"),
    *("silver.journeys", "gold.journeys"),
)  # fmt: skip
#: Every second of the simulated clicks is one of the events that the conversions and journeys of the seeds ask for.
NAMED = """
    case
        when event_name = 'click' and hash(event_id) % 8 < 4
            then (['sign_up', 'purchase', 'login', 'trial_started'])[(1 + hash(event_id) % 4)::bigint]
        else event_name
    end
"""


def whole(folder: Path) -> float:
    """Seconds of a build of the domain."""
    return timed(lambda: dbt(folder, "", *DOMAIN))


def coming(
    con: duckdb.DuckDBPyConnection, first: int, rows: int, all_events: int, load: int, days: tuple[float, float]
) -> None:
    """Table `coming`: events of these days."""
    con.execute(
        f"create table coming as select * replace ({NAMED} as event_name) from ({events(first, rows, all_events, load, *days)})"
    )


def prepared(folder: Path) -> float:
    """Everything built over nothing; seconds of a second such build."""
    dbt(folder, "", *(f"+{it}" for it in DOMAIN))
    return whole(folder)


def measure(all_events: int) -> dict[str, Any]:
    """Everything once, on `all_events` events of a year."""
    a_day = max(1, all_events // DAYS)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="domain-") as name:
        folder = Path(name)
        seconds["nothing"] = prepared(folder)
        warehouse = str(folder / "warehouse.duckdb")
        with duckdb.connect(warehouse) as con:
            coming(con, 0, all_events, all_events, 1, (0, DAYS - 1))
            land(con, 1)
            seconds["copy"] = timed(lambda: con.execute("create table copied as select * from bronze.customer_events"))
            con.execute("drop table copied")
            con.execute("drop table silver.sessions")
        seconds["domain"] = whole(folder)
        with duckdb.connect(warehouse) as con:
            coming(con, all_events, a_day, all_events, 2, (DAYS - 1, DAYS))
            land(con, 2)
        seconds["day onto a year"] = whole(folder)
    with tempfile.TemporaryDirectory(prefix="day-") as name:
        folder = Path(name)
        prepared(folder)
        with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
            coming(con, all_events, a_day, all_events, 2, (DAYS - 1, DAYS))
            land(con, 2)
        seconds["day alone"] = whole(folder)
    return {
        "events": all_events,
        "events_of_a_day": a_day,
        "seconds": {it: round(took, 2) for it, took in seconds.items()},
        "ratios": {
            "domain / copy": round((seconds["domain"] - seconds["nothing"]) / seconds["copy"], 2),
            "day onto a year / day alone": round(seconds["day onto a year"] / seconds["day alone"], 2),
        },
        "targets": TARGETS,
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure, print, keep in results/."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    result = measure(int(millions * 1_000_000))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"event_domain_{millions:g}m.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['events']:,} events, {result['events_of_a_day']:,} a day, load average {result['load_average']}")
    for name, took in result["seconds"].items():
        print(f"  {name:28}{took:9.2f} s")
    for name, ratio in result["ratios"].items():
        print(f"  {name:28}{ratio:9.2f}   target {TARGETS[name]}")


if __name__ == "__main__":
    main()
