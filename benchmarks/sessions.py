"""Sessions over many events: all of them, and 50,000 further ones, beside DuckDB's own sort and a plain copy of the same rows in one run.

python -m benchmarks.sessions [million events]

Events are written into a warehouse of their own, as landed text and as bronze.customer_events: visitors skewed (one in fifty has a third of the
events), some eight events a session, rows in no order. silver__sessions is built by dbt over all of them and again after 50,000 further events
(one in ten up to three days late, one in fifty an earlier version of an event that is there, on another device), and must then hold the rows of
a rebuild. Polars does the same as the sort where it is installed. dbt's own start is not counted, for neither.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.identity import RESULTS, dbt

FURTHER = 50_000
DAYS = 90
TARGETS = {"sessions / sort": 1.2, "further / rebuild": 0.03}
#: What silver__sessions reads of an event; the sort and the copies are of the same.
COLUMNS = (
    "event_id", "event_name", "occurred_at", "visitor_id", "user_id", "source_system", "customer_id", "page_url", "page_view_id", "referrer_url",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id", "user_agent", "device_type", "platform", "country",
    "is_bot", "is_heartbeat", "heartbeat_seconds", "load_id",
)  # fmt: skip
#: Of the contract, what the simulated events leave empty.
EMPTY = ("sent_at", "feature_name", "page_title", "currency")


def events(first: int, rows: int, all_events: int, load: int, first_day: float, last_day: float) -> str:
    """SQL of events numbered from `first`, in the columns of bronze.customer_events, of sessions that begin between two days.

    Every column is drawn from a hash of the event's or its session's number, so the same numbers give the same events.
    """
    sessions = max(1, rows // 8)
    visitors = max(1, all_events // 25)

    def drawn(key: str, name: str) -> str:
        # hash of two values combines their hashes linearly: draws of one key would hang together.
        return f"(hash(hash({key}) // 2 + hash('{name}') // 2) / 18446744073709551616.0)"

    return f"""
        with numbered as (
            select number, {load} * 100000000000 + hash(number + 7) % {sessions} as session
            from range({first}, {first + rows}) as numbers (number)
        ),
        drawn as (
            select
                number, session, floor({visitors} * power({drawn("session", "visitor")}, 2))::bigint as visitor,
                floor(1e6 * 86400 * ({first_day} + {last_day - first_day} * {drawn("session", "start")}))::bigint as start_us,
                floor(-ln(1 - {drawn("session", "length")}) * 6e8 * {drawn("number", "moment")})::bigint as after_us,
                hash(number + 1) % 10 as kind, hash(session + 1) % 10 as source
            from numbered
        )
        select
            md5(number::varchar) as event_id,
            case when kind < 6 then 'page_view' when kind < 8 then 'page_ping' else 'click' end as event_name,
            make_timestamp(1767225600000000 + start_us + after_us) as occurred_at,
            make_timestamp(1767225600000000 + start_us + after_us + 1500000) as received_at,
            null::timestamp as sent_at,
            to_hex(hash(visitor)) as visitor_id,
            case when visitor % 3 = 0 and kind = 9 then 'usr-' || visitor end as user_id,
            case when visitor % 3 = 0 and kind = 9 then 'acc-' || visitor // 20 end as customer_id,
            to_hex(hash(session)) as tracker_session_id,
            'web' as platform,
            null::varchar as feature_name,
            case when kind < 9 then 'https://www.shop.example/'
                || (['pricing', 'products/analytics', 'blog/how-to-read-a-funnel', 'docs', 'cart'])[(1 + hash(number + 2) % 5)::bigint]
                || case when kind = 0 and source < 2
                    then '?utm_source=newsletter&utm_medium=email&utm_campaign=launch_' || session % 50 else '' end end as page_url,
            case when kind < 8 then to_hex(hash(number)) end as page_view_id,
            null::varchar as page_title,
            case when kind < 6 then case when source < 5 then 'https://search.example/' else 'https://www.shop.example/' end end as referrer_url,
            case when kind = 0 and source < 2 then 'newsletter' end as utm_source,
            case when kind = 0 and source < 2 then 'email' end as utm_medium,
            case when kind = 0 and source < 2 then 'launch_' || session % 50 end as utm_campaign,
            null::varchar as utm_term,
            null::varchar as utm_content,
            null::varchar as click_id,
            'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 100 + visitor % 40
                || '.0.0.0 Safari/537.36' as user_agent,
            case when visitor % 2 = 0 then 'desktop' else 'mobile' end as device_type,
            (['DE', 'US', 'FR', 'GB'])[(1 + visitor % 4)::bigint] as country,
            visitor % 50 = 7 as is_bot,
            kind in (6, 7) as is_heartbeat,
            case when kind in (6, 7) then 10.0::double end as heartbeat_seconds,
            null::decimal(18, 4) as event_value,
            null::varchar as currency,
            case when kind < 3 then '{{"position": ' || number % 20 || '}}' end as properties,
            'files' as source_system,
            'customer_events' as source_table,
            'files/customer_events/events_{load}.parquet' as source_file,
            number as source_line,
            {load}::bigint as load_id
        from drawn
    """


def land(con: duckdb.DuckDBPyConnection, load: int) -> None:
    """Table `coming` as a load: landed as text, and the first load in bronze as well, as dbt would read it from there in minutes."""
    contract = [
        name
        for (name,) in con.execute(
            "select column_name from duckdb_columns() where table_name = 'files__customer_events' and column_name not like 'landed%'"
        ).fetchall()
    ]
    rows = con.execute("select count(*) from coming").fetchall()[0][0]
    con.execute(
        f"""insert into landing.files (file_id, source_system, source_table, relation, source_file, path, load_id, loaded_at, status, rows_landed,
        rows_unreadable) values ({load}, 'files', 'customer_events', 'files__customer_events', 'files/customer_events/events_{load}.parquet', '',
        {load}, timestamp '2026-06-01 00:00:00', 'loaded', {rows}, 0)"""
    )
    con.execute(
        f"insert into landing.files__customer_events (landed_file_id, landed_line, {', '.join(contract)}) "
        f"select {load}, source_line, {', '.join(f'{name}::varchar' for name in contract)} from coming"
    )
    if load == 1:
        con.execute("insert into bronze.customer_events by name select * from coming")
    con.execute("drop table coming")


def further(con: duckdb.DuckDBPyConnection, all_events: int) -> None:
    """Table `coming`: FURTHER events after those that are there."""
    versions, late = FURTHER // 50, FURTHER // 10
    con.execute(
        f"create table coming as {events(all_events, FURTHER - versions - late, all_events, 2, DAYS, DAYS + 1)}"
    )
    con.execute(f"insert into coming {events(2 * all_events, late, all_events, 2, DAYS - 3, DAYS)}")
    con.execute(
        f"""insert into coming by name
            select * replace (to_hex(hash(visitor_id, 'other')) as visitor_id, received_at - interval 1 second as received_at,
            2 as load_id, 'files/customer_events/events_2.parquet' as source_file)
            from bronze.customer_events where occurred_at >= timestamp '2026-03-29 00:00:00' order by md5(event_id) limit {versions}"""
    )


def timed(what: Callable[[], Any]) -> float:
    """Seconds by the clock."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def sort_with_polars(parquet: Path, out: Path) -> None:
    """The sort by Polars, from Parquet to Parquet."""
    polars = importlib.import_module("polars")

    polars.scan_parquet(parquet).sort("visitor_id", "occurred_at", "event_id").sink_parquet(out)


def measure(all_events: int) -> dict[str, Any]:
    """Everything once, on `all_events` events."""
    with tempfile.TemporaryDirectory(prefix="sessions-") as name:
        folder = Path(name)
        warehouse = str(folder / "warehouse.duckdb")
        dbt(folder, "", "+silver__sessions")
        with duckdb.connect(warehouse) as con:
            con.execute(f"create table coming as {events(0, all_events, all_events, 1, 0, DAYS)}")
            land(con, 1)
        seconds: dict[str, float] = {}

        def build() -> float:
            # The clock of the build follows the events, as in any run; it is no part of the model.
            dbt(folder, "", "silver__as_of")
            return dbt(folder, "", "silver__sessions")["sessions"]

        read = ", ".join(COLUMNS)
        with duckdb.connect(warehouse) as con:
            con.execute("drop table silver.sessions")
            seconds["copy"] = timed(
                lambda: con.execute(f"create table copied as select {read} from bronze.customer_events")
            )
            con.execute("drop table copied")
            seconds["sort"] = timed(
                lambda: con.execute(
                    f"create table sorted as select {read} from bronze.customer_events order by visitor_id, occurred_at, event_id"
                )
            )
            con.execute("drop table sorted")
        seconds["sessions"] = build()
        if importlib.util.find_spec("polars"):
            with duckdb.connect(warehouse) as con:
                con.execute(f"copy (select {read} from bronze.customer_events) to '{folder}/events.parquet'")
            seconds["sort by Polars"] = timed(
                lambda: sort_with_polars(folder / "events.parquet", folder / "sorted.parquet")
            )
        with duckdb.connect(warehouse) as con:
            further(con, all_events)
            land(con, 2)
        seconds["further, bronze"] = dbt(folder, "", "bronze__customer_events")["bronze__customer_events"]
        seconds["further"] = build()
        with duckdb.connect(warehouse) as con:
            con.execute("create table increment as select * from silver.sessions")
            con.execute("drop table silver.sessions")
        seconds["rebuild"] = build()
        with duckdb.connect(warehouse) as con:
            sessions, differing = con.execute(
                """select (select count(*) from silver.sessions),
                    (select count(*) from (
                        (from silver.sessions except all from increment) union all (from increment except all from silver.sessions)
                    ))"""
            ).fetchall()[0]
            rebuilt = con.execute("select count(*) from silver.sessions where load_id = 2").fetchall()[0][0]
        if differing:
            raise SystemExit(f"{differing:,} sessions differ between the incremental build and the rebuild.")
    return {
        "events": all_events,
        "further_events": FURTHER,
        "sessions": sessions,
        "sessions_with_further_events": rebuilt,
        "seconds": {name: round(took, 2) for name, took in seconds.items()},
        "ratios": {
            "sessions / sort": round(seconds["sessions"] / seconds["sort"], 3),
            "sessions / copy": round(seconds["sessions"] / seconds["copy"], 2),
            "further / rebuild": round(seconds["further"] / seconds["rebuild"], 4),
        },
        "targets": TARGETS,
        "load_average": round(os.getloadavg()[0], 1),
        "polars": bool(importlib.util.find_spec("polars")),
    }


def main() -> None:
    """Measure, print, keep in results/."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    result = measure(int(millions * 1_000_000))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"sessions_{millions:g}m.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['events']:,} events, {result['sessions']:,} sessions, load average {result['load_average']}")
    for name, took in result["seconds"].items():
        print(f"  {name:18}{took:9.2f} s")
    for name, ratio in result["ratios"].items():
        print(f"  {name:18}{ratio:9.3f}" + (f"   target {TARGETS[name]}" if name in TARGETS else ""))
    if not result["polars"]:
        print("  Polars is not installed: not compared.")


if __name__ == "__main__":
    main()
