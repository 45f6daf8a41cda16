"""Broken input of every kind among good files: the run goes through, and every row is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.slow


def test_the_ledger_adds_up(published: Any, tools: Any) -> None:
    data, broken, _ = published
    ledger = tools.query(
        data,
        "select source_file, rows_landed, rows_in_bronze + rows_duplicate + rows_quarantined, rows_lost from gold.load_ledger",
        "published/marts.duckdb",
    )
    assert [row for row in ledger if row[1] != row[2] or row[3] != 0] == []
    on_disk = {
        path.relative_to(data / "landing").as_posix() for path in (data / "landing").rglob("*") if path.is_file()
    }
    on_disk = {name for name in on_disk if not name.rsplit("/", 1)[-1].startswith(".")}
    assert {row[0] for row in ledger} == on_disk | {"files/accounts/x_folder.csv"}
    assert on_disk > set(broken)


def test_every_broken_thing_is_in_quarantine_with_its_place_and_cause(published: Any, tools: Any) -> None:
    data, broken, sound = published
    rows = tools.query(
        data,
        "select source_file, source_line, reason from quarantine.accounts union all "
        "select source_file, source_line, reason from quarantine.customer_events union all "
        "select source_file, source_line, reason from quarantine.unreadable_rows union all "
        "select source_file, null, reason from quarantine.files",
    )
    found = {(file, line): reason for file, line, reason in rows}
    for name, (_, line, cause) in broken.items():
        assert cause in found.get((name, line), "not in quarantine"), (name, line)
    assert "directory" in found["files/accounts/x_folder.csv", None]
    taken = {
        row[0] for row in tools.query(data, "select customer_id from bronze.accounts where customer_id like 'acc-x%'")
    }
    assert taken == sound


def test_the_planted_broken_rows_are_found_and_nothing_else(published: Any, company: Path, tools: Any) -> None:
    data, _, _ = published
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        contracts = [
            name for (name,) in con.execute(
                "select table_name from information_schema.tables where table_schema = 'quarantine' "
                "and table_name not in ('files', 'unreadable_rows', 'unattached_rows')"
            ).fetchall()
        ]  # fmt: skip
        quarantined = " union all ".join(
            f"select source_file, source_line from quarantine.{name}" for name in [*contracts, "unreadable_rows"]
        )
        truth = f"read_parquet('{company}/truth/broken_rows.parquet')"
        found, planted = (
            set(con.execute(sql).fetchall())
            for sql in (
                f"select distinct source_file, source_line from ({quarantined}) where source_file not like '%/x\\_%' escape '\\'",
                f"select 'files/' || file, line from {truth} where should_be = 'rejected'",
            )
        )
        # What is received more than late_event_days after it happened is sound, and set aside all the same.
        late = set(
            con.execute(
                "select source_file, source_line from quarantine.customer_events "
                "where reason like 'received_at is more than 3 days after%' and json_extract_string(landed_record, '$.event_id') in ("
                f"select event_id from read_parquet('{company}/truth/event_deliveries.parquet') where received_at > true_at + interval 3 days "
                f"union select row_id from {truth} where kind in ('late_delivery', 'delivered_twice'))"
            ).fetchall()
        )
        assert len(planted) > 10 and late
        assert found - late == planted
        # A second delivery that comes too late is set aside and no duplicate.
        duplicates = con.execute(
            "with planted as (select 'files/' || file as source_file, line from "
            f"{truth} where should_be = 'duplicate'), aside as (select source_file, source_line as line from quarantine.customer_events), "
            "counted as (select source_file, count(*) as planted from planted anti join aside using (source_file, line) group by source_file) "
            "select source_file, coalesce(planted, 0) as planted, rows_duplicate from gold.load_ledger left join counted using (source_file) "
            "where source_table = 'customer_events' and coalesce(planted, 0) != rows_duplicate"
        ).fetchall()
        assert duplicates == []


def test_the_release_is_the_warehouse_and_says_what_it_holds(published: Any) -> None:
    data, _, _ = published
    folder = data / "published"
    with duckdb.connect() as con:
        con.execute(f"attach '{folder}/marts.duckdb' as marts (read_only)")
        ((tags,),) = con.execute("select tags from duckdb_databases() where database_name = 'marts'").fetchall()
        assert "v1.2" in tags["storage_version"]
        names = con.execute(
            "select schema_name, table_name, comment from duckdb_tables() where database_name = 'marts'"
        ).fetchall()
        assert {"gold", "entity", "metrics"} <= {schema for schema, _, _ in names}
        for schema, table, _ in names:
            parquet = f"read_parquet('{folder}/parquet/{schema}/{table}/*.parquet')"
            assert (
                con.execute(f"select count(*) from marts.{schema}.{table}").fetchall()
                == con.execute(f"select count(*) from {parquet}").fetchall()
            )
            for one, other in ((f"marts.{schema}.{table}", parquet), (parquet, f"marts.{schema}.{table}")):
                assert con.execute(f"select * from {one} except all select * from {other}").fetchall() == [], table
        assert [table for _, table, comment in names if table == "entity_customers" and comment]
