"""However the same input is split and shuffled over loads, what is built from it is the same."""

from __future__ import annotations

import gzip
import random
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contracts import read_catalogue
from ingestion.landing import ingest

pytestmark = pytest.mark.slow

HEAD = "event_id,event_name,occurred_at,received_at,visitor_id\n"
#: a session of a visitor, and later the word that an event of it was another visitor's, received earlier
BEFORE = HEAD + (
    "moved-1,page_view,2026-10-05 10:00:00,2026-10-05 10:00:09,v-gone\n"
    "moved-2,page_view,2026-10-05 11:00:00,2026-10-05 11:00:09,v-shrunk\n"
    "stays-2,page_view,2026-10-05 11:10:00,2026-10-05 11:10:09,v-shrunk\n"
    "other-3,page_view,2026-10-05 12:00:00,2026-10-05 12:00:09,v-split\n"
    "moved-3,page_view,2026-10-05 12:20:00,2026-10-05 12:20:09,v-split\n"
    "other-4,page_view,2026-10-05 12:40:00,2026-10-05 12:40:09,v-split\n"
)
AFTER = HEAD + (
    "moved-1,page_view,2026-10-05 10:00:00,2026-10-05 10:00:01,v-new\n"
    "moved-2,page_view,2026-10-05 11:00:00,2026-10-05 11:00:01,v-new\n"
    "moved-3,page_view,2026-10-05 12:20:00,2026-10-05 12:20:01,v-new\n"
    "stays-2,page_view,2026-10-05 11:10:00,2026-10-05 11:10:30,v-never\n"
)


def _extra(landing: Path) -> None:
    """Duplicates under another name, and the events that change hands."""
    events = landing / "files" / "customer_events"
    shutil.copy(events / "customer_events_2026-08.csv.gz", events / "customer_events_2026-08_again.csv.gz")
    for contract in ("subscriptions", "customers", "customer_identifiers", "customer_interactions"):
        folder = landing / "files" / contract
        (original,) = folder.glob(f"{contract}_2026-09.*")
        shutil.copy(original, folder / original.name.replace("_2026-09.", "_2026-09_again."))
    (events / "moves_1.csv").write_text(BEFORE)
    (events / "moves_2.csv").write_text(AFTER)


def _first_deliveries(landing: Path) -> dict[str, bytes]:
    """Files that come first as something else and are replaced under their name: cut in half, or with a value that was mended."""
    events = "files/customer_events/customer_events_2026-08.csv.gz"
    lines = gzip.decompress((landing / events).read_bytes()).splitlines(keepends=True)
    accounts = "files/accounts/accounts_2026-10-31.csv"
    header, row, *rest = (landing / accounts).read_bytes().splitlines(keepends=True)
    fields = row.split(b",")
    fields[header.rstrip().split(b",").index(b"customer_name")] = b"Wrong Name Ltd"
    people = "files/customers/customers_2026-08.csv"
    records = (landing / people).read_bytes().splitlines(keepends=True)
    return {
        events: gzip.compress(b"".join(lines[: len(lines) // 2])),
        accounts: b"".join([header, b",".join(fields), *rest]),
        people: b"".join(records[: len(records) // 2]),
    }


@pytest.fixture(scope="module")
def at_once(site: Any, company: Path, tools: Any) -> tuple[Path, Any]:
    """Everything landed at once and built: the data folder and its tables."""
    site.clear()
    shutil.copytree(company / "landing", site.data / "landing", dirs_exist_ok=True)
    _extra(site.data / "landing")
    site.build()
    kept = site.keep("at_once")
    return kept, tools.tables(kept)


@pytest.mark.parametrize(
    ("seed", "times"),
    [(1, 2), pytest.param(2, 3, marks=pytest.mark.thorough), pytest.param(3, 3, marks=pytest.mark.thorough)],
)
def test_loads_in_any_order_give_the_tables_of_one(
    site: Any, at_once: tuple[Path, Any], tools: Any, seed: int, times: int
) -> None:
    complete, expected = at_once
    source = complete / "landing"
    names = sorted(path.relative_to(source).as_posix() for path in source.rglob("[!.]*") if path.is_file())
    random.Random(seed).shuffle(names)
    loads = [names[place::times] for place in range(times)]
    first = _first_deliveries(source)
    for load in loads:
        load[:] = [name for name in load if name not in first and "moves_" not in name]
    loads[0] += [*first, "files/customer_events/moves_1.csv"]
    loads[-1 - seed % 2 if times > 2 else -1] += list(first)
    loads[-1] += ["files/customer_events/moves_2.csv"]
    site.clear()
    for number, load in enumerate(loads):
        for name in load:
            early = number == 0 and name in first
            site.put(name, first[name] if early else (source / name).read_bytes())
        site.build()
    found = tools.tables(site.data)
    for tables in (found, expected):
        # A file that was delivered twice stands there twice: its sound rows are each other's duplicates, what is set aside is so twice.
        for name in ("gold.load_ledger", "quarantine.customer_events"):
            files = tables[name]["source_file"].to_pylist()
            kept = [not any(word in file for word in ("_2026-08", "accounts_")) for file in files]
            tables[name] = tables[name].filter(kept)
    assert tools.differences(found, expected) == {}
    sessions = tools.query(
        site.data,
        "select visitor_id, sum(events), count(*) from silver.sessions where visitor_id like 'v-%' group by all order by 1",
    )
    assert sessions == [("v-new", 3, 3), ("v-shrunk", 1, 1), ("v-split", 2, 2)]
    if seed == 2:
        before = tools.tables(site.data, leave_out=())
        site.build()
        assert tools.differences(tools.tables(site.data, leave_out=()), before) == {}
        in_parts = "select model from identity.builds where upstream = '' and anew_number < build_number and model in "
        assert tools.query(site.data, in_parts + "('account_daily', 'fct_scores', 'sessions') order by 1") == [
            ("account_daily",),
            ("fct_scores",),
            ("sessions",),
        ]


def test_the_eleventh_delivery_of_a_file_counts_more_than_the_tenth(site: Any, tools: Any) -> None:
    site.clear()
    with duckdb.connect(str(site.data / "warehouse.duckdb")) as con:
        for number in range(1, 12):
            site.put("files/accounts/accounts.csv", f"customer_id,customer_name\nacc-1,Name {number}\n")
            ingest(con, site.data / "landing", read_catalogue(mappings_dir=site.mappings))
    site.build("--select", "+bronze__accounts")
    assert tools.query(site.data, "select customer_name from bronze.accounts") == [("Name 11",)]
