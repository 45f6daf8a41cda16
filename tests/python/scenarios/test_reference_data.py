"""Real exports of real vendors, where the environment variable REFERENCE_DATA names a folder that holds them."""

from __future__ import annotations

import csv
import json
import os
import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SYSTEMS = {
    "hubspot": "hubspot",
    "salesforce": "salesforce",
    "stripe": "stripe",
    "zendesk": "zendesk",
    "snowplow_web": "snowplow",
}


@pytest.fixture(scope="module")
def reference() -> Path:
    """The folder of the exports."""
    folder = Path(os.environ.get("REFERENCE_DATA", ""))
    if not os.environ.get("REFERENCE_DATA"):
        pytest.skip("REFERENCE_DATA names no folder with exports of vendors")
    missing = [name for name in SYSTEMS if not (folder / name).is_dir()]
    if missing:
        pytest.skip(f"REFERENCE_DATA ({folder}) holds no {', '.join(missing)}")
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def built(site: Any, reference: Path) -> Path:
    """The exports as they came, loaded and built."""
    site.clear()
    for name, system in SYSTEMS.items():
        shutil.copytree(reference / name, site.data / "landing" / system)
    site.build()
    return site.keep("reference")


@pytest.mark.thorough
def test_every_check_passes(site: Any, built: Path) -> None:
    site.restore("reference")
    assert "published" in site.run("run")


def test_the_ledger_adds_up(built: Path, reference: Path, tools: Any) -> None:
    ledger = tools.query(
        built,
        "select source_file, rows_landed, rows_in_bronze + rows_duplicate + rows_quarantined, rows_lost from gold.load_ledger",
    )
    assert [row for row in ledger if row[1] != row[2] or row[3] != 0] == []
    counted = {
        f"{system}/{path.name}": len(_rows(path))
        for name, system in SYSTEMS.items()
        for path in (reference / name).glob("*.csv")
    }
    read = {
        row[0]: row[1]
        for row in tools.query(built, "select source_file, rows_landed from landing.files where status = 'loaded'")
    }
    assert read == {file: counted[file] for file in read}
    assert {"stripe/customer_data.csv", "zendesk/ticket_data.csv", "snowplow/snowplow_web_events.csv"} <= read.keys()
    assert counted.keys() == {row[0] for row in ledger}


WEB, VITALS = "snowplow_web_events.csv", "snowplow_web_vital_events.csv"
TIMEOUT, LATE = timedelta(minutes=30), timedelta(days=3)


def _counted(reference: Path) -> list[dict[str, str]]:
    """Web events that count, read from the file by hand: not late, the earliest received of each id; with the columns at, visitor and view."""
    counted: dict[str, dict[str, str]] = {}
    for row in _rows(reference / "snowplow_web" / WEB):
        row["at"], received = row["derived_tstamp"], row["collector_tstamp"]
        if datetime.fromisoformat(received) - datetime.fromisoformat(row["at"]) > LATE:
            continue
        row["visitor"] = row["domain_userid"] or row["user_id"]
        page = json.loads(row["contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"] or "[{}]")[0]
        row["view"] = (page[0] if isinstance(page, list) else page).get("id") or ""
        former = counted.get(row["event_id"])
        if former is None or (received, row["at"]) < (former["collector_tstamp"], former["at"]):
            counted[row["event_id"]] = row
    return sorted(counted.values(), key=lambda row: (row["visitor"], row["at"]))


def _sessions(events: list[dict[str, str]]) -> int:
    """Sessions by pause."""
    begun = [events[0]]
    for former, row in pairwise(events):
        pause = datetime.fromisoformat(row["at"]) - datetime.fromisoformat(former["at"])
        if row["visitor"] != former["visitor"] or pause >= TIMEOUT:
            begun.append(row)
    return len(begun)


def test_web_events_sessions_page_views_and_visitors(built: Path, reference: Path, tools: Any) -> None:
    events = _counted(reference)
    by_hand = {
        "events": len(events),
        "sessions": _sessions(events),
        "page_views": len({row["view"] or row["event_id"] for row in events if row["event_name"] == "page_view"}),
        "visitors": len({row["visitor"] for row in events}),
    }
    # The file has 160 rows and 157 event ids; 3 of them are late, and one event has no visitor but a login.
    assert by_hand == {"events": 154, "sessions": 56, "page_views": 47, "visitors": 42}
    ((sessions, *sums),) = tools.query(
        built,
        "select count(*), cast(sum(events) as int), cast(sum(page_views) as int), count(distinct visitor_id), sum(engaged_seconds) "
        "from silver.sessions where started_at < '2022-01-01'",
    )
    pings = sum(row["event_name"] == "page_ping" for row in events)
    assert [sums[0], sessions, *sums[1:]] == [*by_hand.values(), 10 * pings]
    # Some rows of the file have the page's context in an array within the array.
    views = tools.query(
        built,
        f"select event_id, coalesce(page_view_id, '') from bronze.customer_events where source_file = 'snowplow/{WEB}'",
    )
    assert dict(views) == {row["event_id"]: row["view"] for row in events}


def test_late_web_events_are_set_aside_with_their_reason(built: Path, tools: Any) -> None:
    aside = tools.query(
        built,
        "select split_part(reason, ':', 1), json_extract_string(landed_record, '$.user_id') from quarantine.customer_events "
        f"where source_file = 'snowplow/{WEB}' order by all",
    )
    late = "received_at is more than 3 days after occurred_at"
    # Two that the file calls late, and the end of a long session: sent 3 days and 46 minutes after it happened.
    assert aside == [(late, name) for name in (*["late arriving: device created/sent >3 days"] * 2, "long session")]


def test_web_vitals_lose_nothing(built: Path, reference: Path, tools: Any) -> None:
    rows = _rows(reference / "snowplow_web" / VITALS)
    sound = {row["event_id"] for row in rows if row["event_id"]}
    shared = sound & {row["event_id"] for row in _counted(reference)}
    assert (len(rows), len(sound), len(shared)) == (1001, 1000, 1)
    # An id that the web events have too is theirs, for they were received first; the row without an id breaks the contract.
    assert tools.query(
        built,
        "select rows_landed, rows_in_bronze, rows_duplicate, rows_quarantined, rows_lost from gold.load_ledger "
        f"where source_file = 'snowplow/{VITALS}'",
    ) == [(1001, 999, 1, 1, 0)]
    found = {
        event_id
        for (event_id,) in tools.query(
            built, f"select event_id from bronze.customer_events where source_file = 'snowplow/{VITALS}'"
        )
    }
    assert found == sound - shared


@pytest.mark.thorough
def test_web_sessions_by_the_tracker(site: Any, built: Path, reference: Path, tools: Any) -> None:
    site.clear()
    site.put(f"snowplow/{WEB}", (reference / "snowplow_web" / WEB).read_bytes())
    site.build("--vars", "{session_by: tracker}", "--select", "+silver__sessions")
    events = _counted(reference)
    # One event has no session id and makes a session of its own; it is the only one of its visitor without.
    expected = {(row["visitor"], row["domain_sessionid"]) for row in events}
    found = tools.query(
        site.data, "select visitor_id, coalesce(tracker_session_id, ''), cast(events as int) from silver.sessions"
    )
    assert {row[:2] for row in found} == expected
    assert (len(found), sum(row[2] for row in found)) == (len(expected), len(events)) == (48, 154)


def test_stripe_in_major_units(built: Path, reference: Path, tools: Any) -> None:
    customers = {row["id"] for row in _rows(reference / "stripe/customer_data.csv")}
    assert {
        row[0] for row in tools.query(built, "select customer_id from bronze.accounts where source_system = 'stripe'")
    } == customers
    assert len(customers) == 12
    charges = {
        row["id"]: Decimal(row["amount"]) / 100
        for row in _rows(reference / "stripe/charge_data.csv")
        if row["currency"].lower() != "jpy"
    }
    found = dict(tools.query(built, "select payment_id, amount from bronze.payments where source_system = 'stripe'"))
    assert {key: Decimal(found[key]) for key in charges} == charges
    subscriptions = {row["id"] for row in _rows(reference / "stripe/subscription_history_data.csv")}
    assert {row[0] for row in tools.query(built, "select subscription_id from bronze.subscriptions")} == subscriptions
    assert len(subscriptions) == 2


def test_zendesk_tickets_and_people(built: Path, reference: Path, tools: Any) -> None:
    ((solved,),) = tools.query(
        built, "select cast(resolved_at as varchar) from silver.support_tickets where ticket_id = '11071'"
    )
    assert solved == "2020-11-14 11:01:27"
    expected = {row["id"] for row in _rows(reference / "zendesk/ticket_data.csv") if row["status"] != "deleted"}
    assert {row[0] for row in tools.query(built, "select ticket_id from silver.support_tickets")} == expected
    people = _rows(reference / "zendesk/user_data.csv")
    found = {row[0] for row in tools.query(built, "select user_id from silver.users where source_system = 'zendesk'")}
    assert found == {row["external_id"] or row["id"] for row in people if row["role"] == "end-user"}
    assert len(found) < len(people)


def test_people_of_every_system(built: Path, reference: Path, tools: Any) -> None:
    expected = {
        system: {row["id"] for name in files for row in _rows(reference / system / name)}
        for system, files in {
            "hubspot": ["contact_data.csv"],
            "salesforce": ["sf_contact_data.csv", "sf_lead_data.csv"],
            "stripe": ["customer_data.csv"],
        }.items()
    }
    found = tools.query(built, "select origin_system, source_record_id from bronze.customers")
    assert {system: {key for name, key in found if name == system} for system in expected} == expected
    assert tools.query(built, "select count(*) from quarantine.customers") == [(0,)]
    assert tools.query(
        built,
        "select given_name, family_name, full_name, phone, city, postcode, region, country, job_title, company_name, customer_id "
        "from bronze.customers where email = 'h@gmail.com'",
    ) == [("H", "Croc", "h", None, None, None, None, None, None, "Z", "0011G00000tLWKnQAO")]
    (contact,) = (row for row in _rows(reference / "salesforce/sf_contact_data.csv") if row["email"])
    columns = (
        "first_name",
        "last_name",
        "name",
        "phone",
        "mailing_city",
        "mailing_postal_code",
        "mailing_country_code",
    )
    assert tools.query(
        built,
        "select given_name, family_name, full_name, phone, city, postcode, country from bronze.customers "
        f"where email = '{contact['email']}'",
    ) == [tuple(contact[name] or None for name in columns)]
    companies = {row["id"] for row in _rows(reference / "hubspot/company_data.csv")}
    companies |= {row["id"] for row in _rows(reference / "salesforce/sf_account_data.csv")}
    assert {
        row[0]
        for row in tools.query(
            built, "select customer_id from bronze.accounts where source_system in ('hubspot', 'salesforce')"
        )
    } == companies
