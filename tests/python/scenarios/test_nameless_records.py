"""A record without a name that shares an identifier with another waits for somebody to look, and is neither linked nor left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

# In each pair the second record has no name, or not all of it.
RECORDS = (
    "source_record_id,origin_system,given_name,family_name,birth_date,email,mobile_phone\n"
    "1,crm,Kim,Marlow,1984-07-21,kim@one.example,\n"
    "1,shop,,,,kim@one.example,\n"
    "2,crm,Robin,Ames,,robin@one.example,\n"
    "2,shop,Robin,,,robin@one.example,\n"
    # a telephone is a household's
    "3,crm,Lee,Fox,,,+447700900123\n"
    "3,shop,,,,,+447700900123\n"
    # something contradicts
    "4,crm,,,1984-07-21,reed@one.example,\n"
    "4,shop,,,1951-02-03,reed@one.example,\n"
    "5,crm,Ada,Novak,,novak@one.example,\n"
    "5,shop,Bo,,,novak@one.example,\n"
    # a second witness
    "6,crm,Tess,Berg,,tess@one.example,+447700900456\n"
    "6,shop,,,,tess@one.example,+447700900456\n"
    # the name agrees
    "7,crm,Ash,Hale,,ash@one.example,\n"
    "7,shop,Ash,Hale,,ash@one.example,\n"
)  # fmt: skip


@pytest.fixture(scope="module")
def built(site: Any) -> Path:
    """The records above, by rules alone."""
    site.clear()
    site.put("files/customers.csv", RECORDS)
    site.build("--select", "+silver__identity_review_queue")
    return site.keep("nameless")


def test_one_personal_identifier_and_no_name_waits_for_review(built: Path, tools: Any) -> None:
    assert tools.query(
        built,
        "select record_key_a, record_key_b, queue_reason, rule, match_probability from silver.identity_review_queue order by 1",
    ) == [
        ("crm|1", "shop|1", "between the thresholds", "personal_identifier_and_missing_name", 0.7),
        ("crm|2", "shop|2", "between the thresholds", "personal_identifier_and_missing_name", 0.7),
    ]


def test_better_evidence_joins_and_a_contradiction_does_not(built: Path, tools: Any) -> None:
    assert tools.query(
        built, "select record_key_a, record_key_b, rule from silver.identity_links where zone = 'automatic' order by 1"
    ) == [("crm|6", "shop|6", "two_identifiers"), ("crm|7", "shop|7", "identifier_and_name")]
    assert tools.query(built, "select count(*), count(distinct golden_customer_id) from silver.identity_map") == [
        (14, 12)
    ]
