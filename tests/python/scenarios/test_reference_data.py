"""Real exports of real vendors, where the environment variable REFERENCE_DATA names a folder that holds them."""

from __future__ import annotations

import csv
import os
import shutil
from decimal import Decimal
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
    """The exports as they came, loaded, checked and published."""
    site.clear()
    for name, system in SYSTEMS.items():
        shutil.copytree(reference / name, site.data / "landing" / system)
    site.run("run")
    return site.keep("reference")


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


def test_web_events_count_once(built: Path, reference: Path, tools: Any) -> None:
    for file, name in (("snowplow_web_events.csv", "web"), ("snowplow_web_vital_events.csv", "vitals")):
        rows = _rows(reference / "snowplow_web" / file)
        sound = {row["event_id"] for row in rows if row["event_id"] and row["collector_tstamp"]}
        ((found,),) = tools.query(
            built, f"select count(*) from bronze.customer_events where source_file = 'snowplow/{file}'"
        )
        ((aside,),) = tools.query(
            built,
            f"select count(distinct source_line) from quarantine.customer_events where source_file = 'snowplow/{file}'",
        )
        assert len(sound) - aside <= found <= len(sound), name
        assert aside <= 2, tools.query(
            built, f"select source_line, reason from quarantine.customer_events where source_file = 'snowplow/{file}'"
        )
    ((web,),) = tools.query(
        built, "select count(*) from bronze.customer_events where source_file like '%_web_events.csv'"
    )
    assert web == 157


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
