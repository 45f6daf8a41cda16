"""What a release costs when a day was added to a year of events, beside writing that day's rows alone: `python -m benchmarks.release [100]`.

The number is millions of events in the year. The warehouse is laid out by hand, with the columns and lookups of gold.fct_events; the figure that
counts is the ratio of the two times, both taken in this run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from publishing.release import Checks, publish
from publishing.settings import ReleaseSettings

DAYS = 365
FIRST = "timestamp '2025-11-01'"

SCHEMA = f"""
create schema landing; create schema silver; create schema entity; create schema gold; create schema bronze; create schema identity;
create schema reference; create table reference.robot_agents as select 'bot' as pattern;
create table landing.files (load_id bigint);
create table silver.as_of as select {FIRST} + interval ({DAYS}) day as as_of;
create table identity.builds as select 'customer_events' as model, '' as upstream, 1 as build_number, 1 as anew_number;
create table entity.entity_customers as select 'acc-' || n as customer_id, 100.0 * n as monthly_recurring_revenue from range(50_000) as r (n);
create table silver.users as select 'u-' || n as user_id, 'acc-' || (n % 50_000) as customer_id from range(500_000) as r (n);
create table silver.account_map as
    select 'files' as source_system, 'a-' || n as source_customer_id, 'acc-' || n as customer_id, false as is_left_out from range(50_000) as r (n);
create table silver.staff as select 'u-' || n as user_id from range(20) as r (n);
create table bronze.customer_events (
    source_system varchar, event_id varchar, event_name varchar, occurred_at timestamp, received_at timestamp, visitor_id varchar, user_id varchar,
    customer_id varchar, platform varchar, page_url varchar, referrer_url varchar, utm_source varchar, device_type varchar, country varchar,
    event_value double, properties varchar, source_file varchar, source_line bigint, load_id bigint);
create view gold.fct_events as
    select events.* exclude (customer_id), coalesce(account_map.customer_id, users.customer_id) as customer_id,
        staff.user_id is not null or coalesce(account_map.is_left_out, false) as is_internal
    from bronze.customer_events as events
    left join silver.users as users on events.user_id = users.user_id
    left join silver.account_map as account_map
        on events.source_system = account_map.source_system and events.customer_id = account_map.source_customer_id
    left join silver.staff as staff on events.user_id = staff.user_id
    cross join silver.as_of as build
    where events.occurred_at <= build.as_of
"""


def add_days(con: duckdb.DuckDBPyConnection, first: int, days: int, a_day: int) -> None:
    """Loads of `a_day` events each, one a day, from the day `first` of the year on."""
    con.execute(
        f"""
        insert into bronze.customer_events
        select
            'files', 'e-' || (d * {a_day} + i), (['page_view', 'login', 'click', 'purchase', 'feature_use'])[cast(1 + h % 5 as integer)],
            happened_at, happened_at + interval 2 second, 'v-' || (h % 2_000_000),
            case when h % 3 = 0 then 'u-' || (hash(h) % 500_000) end, case when h % 4 = 0 then 'a-' || (hash(h) % 50_000) end, 'web',
            'https://app.example/p/' || (h % 500), case when h % 9 = 0 then 'https://search.example/' end, case when h % 9 = 0 then 'newsletter' end,
            case when h % 7 = 0 then 'mobile' else 'desktop' end, (['DE', 'FR', 'US', 'GB'])[cast(1 + h % 4 as integer)], (h % 1000) / 10.0,
            case when h % 5 = 0 then '{{"plan": "' || (h % 3) || '"}}' end, 'files/events/' || d, i, 1 + d
        from (
            select
                d, i, hash(d * 1_000_003 + i) as h,
                {FIRST} + interval (d) day + to_microseconds(cast(i * (86_400_000_000 / {a_day}) as bigint)) as happened_at
            from range({first}, {first + days}) as days (d), range({a_day}) as events (i)
        )
        """
    )


def main() -> None:
    """Prints seconds of the first release, of one with a day more, of that day's rows alone, and the ratio of the last two."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.release", description=__doc__)
    parser.add_argument("millions", type=int, nargs="?", default=100)
    a_day = parser.parse_args().millions * 1_000_000 // DAYS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "published").mkdir()
        settings = ReleaseSettings(kept=3, partition_rows=1_000_000, root=str(folder / "published"))
        warehouse = str(folder / "warehouse.duckdb")
        with duckdb.connect(warehouse) as con:
            con.execute(SCHEMA)
            for first in range(0, DAYS, 5):
                add_days(con, first, min(5, DAYS - first), a_day)
        began = time.perf_counter()
        publish(folder, Checks(1), settings)
        print(f"first release of {a_day * DAYS:,} events: {time.perf_counter() - began:.1f} s", flush=True)
        ratios = []
        for day in range(DAYS, DAYS + 3):
            with duckdb.connect(warehouse) as con:
                add_days(con, day, 1, a_day)
                con.execute("update silver.as_of set as_of = as_of + interval 1 day")
                # Users come with their events; nobody of old means another account.
                con.execute(
                    f"insert into silver.users select 'u-new-{day}-' || n, 'acc-' || n from range(300) as r (n)"
                )
            began = time.perf_counter()
            made = publish(folder, Checks(1), settings)
            took = time.perf_counter() - began
            with duckdb.connect(warehouse, read_only=True) as con:
                began = time.perf_counter()
                con.execute(
                    f"copy (select * from gold.fct_events where occurred_at >= {FIRST} + interval ({day}) day "
                    f"and occurred_at < {FIRST} + interval ({day + 1}) day) "
                    f"to '{folder}/day.parquet' (format parquet, compression zstd)"
                )
                alone = time.perf_counter() - began
            written = made.partitions["gold.fct_events"]["written"]
            ratios.append(took / alone)
            print(
                f"a day more: {took:.2f} s ({written} partitions written), its rows alone: {alone:.2f} s, ratio {ratios[-1]:.2f}",
                flush=True,
            )
        print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
