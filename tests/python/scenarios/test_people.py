"""People's records come in as the contracts say: every version is kept, empty columns are filled as declared, and every row is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

# contract -> file; in each a row that comes twice and at least one that breaks the contract
FILES = {
    "customers": (
        "source_record_id,origin_system,full_name,birth_date,created_at,updated_at\n"
        "r-1,crm,Kim Marlow,1984-07-21,2025-01-01,2025-01-01\n"
        # the name changed: another version, not another record
        "r-1,crm,Kim Vale,1984-07-21,2025-01-01,2025-06-01\n"
        "r-1,crm,Kim Vale,1984-07-21,2025-01-01,2025-06-01\n"
        # the same id in another system; a birth date nobody can read costs nothing
        "r-1,shop,Robin Ames,31/31/1990,2025-02-01,\n"
        # no system named: the one it landed for; no time at all
        "r-2,,Ash Reed,,,\n"
        ",crm,Nobody,,2025-01-01,\n"
        # what cannot be read is not replaced by a default
        "r-3,crm,Lee Fox,,2025-01-01,last week\n"
    ),
    "customer_identifiers": (
        "source_record_id,identifier_type,identifier_value\n"
        "r-1,loyalty_number,L-1\nr-1,loyalty_number,L-1\nr-1,loyalty_number,L-2\nr-1,loyalty_number,\n"
    ),
    "customer_relationships": (
        "relationship_id,from_record_id,to_record_id,relationship_type\n"
        "l-1,r-1,r-2,spouse\nl-1,r-1,r-2,sibling\nl-2,r-1,,spouse\n"
    ),
    "customer_preferences_consent": (
        "source_record_id,channel,purpose,status,changed_at\n"
        "r-1,email,marketing,Granted,2025-01-01\nr-1,email,marketing,withdrawn,2025-02-01\n"
        "r-1,email,marketing,denied,2025-02-01\nr-1,email,marketing,maybe,2025-03-01\n"
    ),
    "customer_interactions": (
        "interaction_id,source_record_id,occurred_at,channel,direction,satisfaction_rating\n"
        "i-1,r-1,2025-03-01 10:00:00,phone,inbound,4\ni-1,r-1,2025-03-01 09:00:00,phone,inbound,4\n"
        "i-2,r-1,2025-03-01 10:00:00,phone,sideways,4\ni-3,r-1,2025-03-01 10:00:00,phone,,6\ni-4,r-1,2099-01-01,phone,,\n"
    ),
    "lifecycle_events": (
        "lifecycle_event_id,customer_id,source_record_id,event_type,occurred_at\n"
        "e-1,acc-1,,churned,2025-04-01\ne-2,,r-1,churned,2025-04-01\ne-2,,r-1,churned,2025-04-01\ne-3,, ,churned,2025-04-01\n"
    ),
    "segment_assignments": (
        "source_record_id,segment_scheme,segment_name,assigned_at\n"
        "r-1,value,gold,2025-01-01\nr-1,value,silver,2025-02-01\nr-1,value,bronze,2025-02-01\nr-1,value,,2025-03-01\n"
    ),
    "value_metrics": (
        "source_record_id,period_start,revenue,cost_to_serve\n"
        "r-1,2025-01-01,-5,1\nr-1,2025-02-01,10,1\nr-1,2025-02-01,11,1\nr-1,2025-03-01,10,-1\n"
    ),
    "product_ownership": (
        "ownership_id,source_record_id,product_id,opened_at,balance\n"
        "o-1,r-1,p-1,2025-01-01,-100\no-1,r-1,p-1,2025-01-01,50\no-2,r-1,p-1,2025-01-01,much\n"
    ),
    "complaints_feedback": (
        "feedback_id,source_record_id,feedback_type,severity,opened_at\n"
        "f-1,r-1,complaint,HIGH,2025-05-01\nf-1,r-1,complaint,low,2025-05-01\nf-2,r-1,rant,low,2025-05-01\n"
    ),
    "subscriptions": (
        "subscription_id,customer_id,effective_at,started_at,mrr\n"
        "s-1,acc-1,,2025-01-01,100\ns-1,acc-1,2025-01-01,2025-01-01,110\ns-1,acc-1,soon,2025-01-01,120\n"
    ),
}  # fmt: skip
# contract -> rows in bronze, duplicates, rows in quarantine
EXPECTED = {
    "customers": (4, 1, 2),
    "customer_identifiers": (2, 1, 1),
    "customer_relationships": (1, 1, 1),
    "customer_preferences_consent": (2, 1, 1),
    "customer_interactions": (1, 1, 3),
    "lifecycle_events": (2, 1, 1),
    "segment_assignments": (2, 1, 1),
    "value_metrics": (2, 1, 1),
    "product_ownership": (1, 1, 1),
    "complaints_feedback": (1, 1, 1),
    "subscriptions": (1, 1, 1),
}
STRIPE = (
    "id,name,email,phone,address_line_1,address_city,address_country,created,is_deleted,livemode,_fivetran_synced\n"
    "cus-1,Kim Marlow,kim@one.example,,12 Mill Lane,Leeds,GB,2025-01-01 00:00:00,false,true,2025-02-01 00:00:00\n"
    "cus-1,Kim Vale,kim@one.example,,12 Mill Lane,Leeds,GB,2025-01-01 00:00:00,false,true,2025-06-02 00:00:00\n"
    ",Nobody,,,,,,2025-01-01 00:00:00,false,true,2025-02-01 00:00:00\n"
)


@pytest.fixture(scope="module")
def built(site: Any) -> Path:
    """People only, and Stripe's card holders, loaded and built up to the ledger, with the checks of that."""
    site.clear()
    for name, text in FILES.items():
        site.put(f"files/{name}.csv", text)
    site.put("stripe/customer.csv", STRIPE)
    site.run("build", "--select", "+load_ledger", "+silver__as_of", "quarantine__*", program="dbt")
    return site.keep("people")


def test_every_row_is_somewhere(built: Path, tools: Any) -> None:
    ledger = tools.query(
        built,
        "select source_table, rows_in_bronze, rows_duplicate, rows_quarantined, rows_lost from gold.load_ledger where source_system = 'files'",
    )
    assert {row[0]: row[1:] for row in ledger} == {name: (*counts, 0) for name, counts in EXPECTED.items()}


def test_every_version_of_a_record_is_kept(built: Path, tools: Any) -> None:
    found = tools.query(
        built,
        "select origin_system, source_record_id, full_name, cast(updated_at as varchar) from bronze.customers "
        "where source_system = 'files' order by all",
    )
    assert found == [
        ("crm", "r-1", "Kim Marlow", "2025-01-01 00:00:00"),
        ("crm", "r-1", "Kim Vale", "2025-06-01 00:00:00"),
        ("files", "r-2", "Ash Reed", "1900-01-01 00:00:00"),
        ("shop", "r-1", "Robin Ames", "2025-02-01 00:00:00"),
    ]


def test_what_is_filled_in_and_what_is_not(built: Path, tools: Any) -> None:
    assert tools.query(built, "select cast(effective_at as varchar), cast(mrr as int) from bronze.subscriptions") == [
        ("2025-01-01 00:00:00", 110)
    ]
    reasons = tools.query(
        built,
        "select reason from quarantine.customers where source_system = 'files' "
        "union all select reason from quarantine.subscriptions union all select reason from quarantine.lifecycle_events order by 1",
    )
    assert [reason for (reason,) in reasons] == [
        "customer_id or source_record_id is required and missing",
        "effective_at cannot be read as timestamp: soon",
        "source_record_id is required and missing",
        "updated_at cannot be read as timestamp: last week",
    ]  # fmt: skip


def test_a_row_that_fills_two_contracts_counts_once(built: Path, tools: Any) -> None:
    assert tools.query(
        built,
        "select rows_landed, rows_in_bronze, rows_duplicate, rows_quarantined, rows_lost from gold.load_ledger where source_system = 'stripe'",
    ) == [(3, 2, 0, 1, 0)]
    assert tools.query(
        built,
        "select full_name, origin_system, customer_id, is_test from bronze.customers where source_system = 'stripe' order by 1",
    ) == [("Kim Marlow", "stripe", "cus-1", False), ("Kim Vale", "stripe", "cus-1", False)]
    assert tools.query(built, "select customer_name from bronze.accounts") == [("Kim Vale",)]


def test_the_build_speaks_for_a_time_that_sees_the_records(built: Path, tools: Any) -> None:
    assert tools.query(built, "select cast(as_of as varchar) from silver.as_of") == [("2025-06-02 00:00:00",)]


def test_an_earlier_row_that_comes_later_takes_the_place_of_the_stored_one(built: Path, site: Any, tools: Any) -> None:
    site.restore(built.name)
    head = FILES["customer_interactions"].splitlines()[0]
    site.put("files/customer_interactions_2.csv", f"{head}\ni-1,r-1,2025-03-01 08:00:00,email,inbound,\n")
    site.build("--select", "+bronze__customer_interactions")
    assert tools.query(site.data, "select interaction_id, channel from bronze.customer_interactions") == [
        ("i-1", "email")
    ]
