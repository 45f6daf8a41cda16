"""What is loaded once is loaded once; what changes is a version; nothing is ever un-loaded."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ingestion.discovery import discover

HEAD = "customer_id,customer_name\n"


def _everything(landing: Any) -> dict[str, list[tuple[Any, ...]]]:
    tables = [name for (name,) in landing.query("select table_name from duckdb_tables() where schema_name = 'landing'")]
    return {table: sorted(landing.query(f'select * from landing."{table}"'), key=repr) for table in tables}


def test_a_second_load_reads_nothing_and_changes_nothing(landing: Any) -> None:
    landing.put("files/accounts/a.csv", HEAD + "acc-1,One\n")
    landing.put("files/accounts/b.csv", "")
    landing.put("files/users/u.csv", "user_id,email\nu-1\n")
    landing.put("elsewhere/x.csv", HEAD)
    (landing.folder / "files/accounts/c.csv").mkdir()
    first = landing.load()
    before = _everything(landing)
    again = landing.load()
    assert (again.load_id, again.files_loaded, again.files_set_aside, again.rows_landed) == (first.load_id, 0, 0, 0)
    assert _everything(landing) == before


def test_a_touched_file_is_not_loaded_again(landing: Any) -> None:
    path = landing.put("files/accounts/a.csv", HEAD + "acc-1,One\n")
    landing.load()
    os.utime(path, (1, 1))
    report = landing.load()
    assert (report.load_id, report.files_loaded) == (1, 0)
    assert landing.files() == ["files/accounts/a.csv"]
    assert landing.query("select count(*) from landing.files__accounts") == [(1,)]


def test_replaced_content_is_the_next_version_and_both_stay(landing: Any) -> None:
    for number in (1, 2, 3):
        landing.put("files/accounts/a.csv", HEAD + "acc-1,One\n" * number)
        landing.load()
    assert landing.query("select source_file, load_id, rows_landed from landing.files order by file_id") == [
        ("files/accounts/a.csv", 1, 1),
        ("files/accounts/a.csv@0002", 2, 2),
        ("files/accounts/a.csv@0003", 3, 3),
    ]
    assert landing.query("select count(*) from landing.files__accounts") == [(6,)]


def test_a_broken_file_makes_room_for_a_good_one(landing: Any) -> None:
    landing.put("files/accounts/a.csv", "")
    landing.put("files/accounts/b.csv", HEAD + "acc-2,Two\n")
    landing.load()
    landing.put("files/accounts/a.csv", HEAD + "acc-1,One\n")
    landing.put("files/accounts/b.csv", "")  # a version that cannot be read takes nothing from the one before
    landing.load()
    assert (landing.file("files/accounts/a.csv")["status"], landing.file("files/accounts/a.csv")["reason"]) == (
        "loaded",
        None,
    )
    assert landing.file("files/accounts/b.csv")["status"] == "loaded"
    assert landing.file("files/accounts/b.csv@0002")["status"] == "quarantined"
    landing.put("files/accounts/b.csv", HEAD + "acc-2,Zwei\n")
    landing.load()
    assert landing.file("files/accounts/b.csv@0002")["status"] == "loaded"
    assert landing.query("select count(*) from landing.files where status != 'loaded'") == [(0,)]
    assert sorted(landing.query("select customer_name from landing.files__accounts")) == [("One",), ("Two",), ("Zwei",)]


def test_columns_come_and_go(landing: Any) -> None:
    landing.put("files/accounts/1.csv", HEAD + "acc-1,One\n")
    landing.load()
    landing.put("files/accounts/2.csv", "customer_id,Mood Ring,industry\nacc-2,blue,Retail\n")
    landing.put("files/accounts/3.jsonl", '{"customer_id":"acc-3","favourite":"tea"}\n')
    landing.load()
    landing.put("files/accounts/4.csv", "customer_id\nacc-4\n")
    landing.load()
    assert landing.query(
        "select customer_id, customer_name, industry, mood_ring, favourite from landing.files__accounts order by 1"
    ) == [
        ("acc-1", "One", None, None, None),
        ("acc-2", None, "Retail", "blue", None),
        ("acc-3", None, None, None, "tea"),
        ("acc-4", None, None, None, None),
    ]


def test_a_deleted_file_keeps_its_rows(landing: Any) -> None:
    path = landing.put("files/accounts/a.csv", HEAD + "acc-1,One\n")
    landing.load()
    path.unlink()
    assert landing.load().load_id == 1
    assert landing.query("select count(*) from landing.files__accounts") == [(1,)]
    landing.put("files/accounts/a.csv", HEAD + "acc-1,One\n")
    assert landing.load().files_loaded == 0


def test_a_load_that_dies_midway_goes_on_with_whole_files(landing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingestion.reading import FileReader

    for name in "abc":
        landing.put(f"files/accounts/{name}.csv", HEAD + f"acc-{name},x\n")
    real = FileReader.load

    def dies(self: FileReader, path: Any, *rest: Any) -> Any:
        loaded = real(self, path, *rest)
        if path.name == "b.csv":
            raise KeyboardInterrupt
        return loaded

    with monkeypatch.context() as patch:
        patch.setattr(FileReader, "load", dies)
        with pytest.raises(KeyboardInterrupt):
            landing.load()
    landing.con.rollback()
    assert landing.files() == ["files/accounts/a.csv"]
    landing.load()
    assert landing.query("select customer_id from landing.files__accounts order by 1") == [
        ("acc-a",),
        ("acc-b",),
        ("acc-c",),
    ]


NAMES = {
    "stripe/customer_data.csv": "customer",
    "stripe/customer/2026-11-01.csv": "customer",
    "stripe/Customers-2026-11.csv": "customer",
    "stripe/Customers_20261101.csv.gz": "customer",
    "stripe/customer/2026/11/part-0001.parquet": "customer",
    "stripe/stripe_subscription_history_data.csv": "subscription_history",
    "stripe/Subscription_2026-11-01.csv": "subscription_history",
    "Stripe/SubscriptionItem.csv": "subscription_item",
    "stripe/customer_export_v2.csv": "customer",
    "snowplow/snowplow_web_events.csv": "events",
    "snowplow/snowplow_web_vital_events.csv": "events",
    "snowplow/events_2026-11-01_part_3.jsonl.gz": "events",
    "snowplow/snowplow_web_spider_context.csv": "spider_context",
    "snowplow/com_iab_snowplow_spiders_and_robots_1/2026-11-01.csv": "spider_context",
    "snowplow/snowplow_web_ua_context.csv": "ua_parser_context",
    "snowplow/nl_basjes_yauaa_context_1.csv": "yauaa_context",
    "files/customer_events/customer_events_2026-08.csv.gz": "customer_events",
    "files/accounts.csv": "accounts",
    "files/account-2026-01-31.tsv": "accounts",
    "files/survey_responses_2026-01-31_v2.csv": "survey_responses",
    "zendesk/ticket_field_history_data.csv": "ticket_field_history",
    "stripe/customer_balance_transaction.csv": None,
    "stripe/customers_tax_id_data.csv": None,
    "zendesk/ticket_tag_data.csv": None,
    "files/accounts.notes": None,
}


def test_a_file_is_known_by_its_name_or_folder(landing: Any) -> None:
    for name in NAMES:
        landing.put(name, "x\n")
    found = {
        landed.relative: landed.table.table if landed.table else None
        for landed in discover(landing.folder, landing.catalogue)
    }
    assert found == NAMES
