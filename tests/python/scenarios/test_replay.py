"""What was said of people at a moment is what a later warehouse says of that moment, with all that came since in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

EARLIER = "2026-09-30 23:59:59"
# Files about people, each with the column that says when its rows became known.
KNOWN_SINCE = {
    "customers": "updated_at",
    "customer_identifiers": "updated_at",
    "customer_interactions": "occurred_at",
    "customer_preferences_consent": "changed_at",
    "customer_relationships": "updated_at",
    "lifecycle_events": "updated_at",
    "product_ownership": "updated_at",
    "segment_assignments": "updated_at",
    "value_metrics": "updated_at",
    "complaints_feedback": "updated_at",
}
#: columns that number loads and builds
NUMBERS = ("load_id", "loaded_at", "sha256", "size_bytes", "build_number", "fingerprint")
# By design not the same: the ledger and the first coming of records are of the load, and versions are all kept, as_of or not.
OF_ALL_TIME = {"gold.load_ledger", "silver.record_arrivals", "silver.record_versions"}
# Of these only the last row of a key is kept: what the row of that time said of its file, and what only that row could know, is gone.
LAST_ROW_ONLY = {
    "silver.complaints": ("source_file", "source_line"),
    "silver.interactions": ("source_file", "source_line"),
    "gold.fct_customer_interactions": ("source_file", "source_line"),
    "silver.product_holdings": ("source_file", "source_line", "status"),
}


def _said(data: Path, tools: Any) -> dict[str, pa.Table]:
    """All that is said of people, and what it is made of after bronze."""
    return {
        name: table.drop_columns([column for column in (*NUMBERS, *LAST_ROW_ONLY.get(name, ())) if column in table.column_names])
        for name, table in tools.tables(data, leave_out=()).items()
        if name.split(".")[0] in ("silver", "gold", "entity", "metrics") and name not in OF_ALL_TIME
    }  # fmt: skip


def _rows_after(path: Path, column: str) -> str:
    """The rows of a file that became known after the moment, as a file. Rows with more fields than the header are left out."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if None not in row and None not in row.values()]
    later = [row for row in rows if row[column] > EARLIER]
    assert later, path
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(later)
    return text.getvalue()


@pytest.fixture(scope="module")
def both(site: Any, company: Path, tools: Any) -> tuple[dict[str, pa.Table], dict[str, pa.Table], Path]:
    """What was said at the moment, what a warehouse with a month more says of it, and the folder of the latter."""
    source = company / "landing" / "files"
    of_that_time = ("--vars", f"{{as_of: '{EARLIER}'}}")
    site.clear()
    for contract in (*KNOWN_SINCE, "accounts", "users", "subscriptions", "customer_events"):
        for path in source.glob(f"{contract}/*"):
            if "_2026-10" not in path.name:
                site.put(f"files/{contract}/{path.name}", path.read_bytes())
    site.run_unchecked(*of_that_time)
    said = _said(site.data, tools)
    for contract, column in KNOWN_SINCE.items():
        (path,) = source.glob(f"{contract}/*_2026-10.csv")
        site.put(f"files/{contract}/{path.name}", _rows_after(path, column))
    site.run_unchecked("--full-refresh", *of_that_time)
    kept = site.keep("replayed")
    return said, _said(kept, tools), kept


def test_a_replay_says_what_was_said(both: tuple[dict[str, pa.Table], dict[str, pa.Table], Path], tools: Any) -> None:
    said, replayed, _ = both
    for name in (
        "entity.entity_people",
        "entity.entity_customer_profiles",
        "gold.fct_customer_daily_snapshot",
        "gold.fct_golden_fields",
        "gold.fct_identity_links",
        "metrics.identity_resolution",
        "silver.lifecycle_history",
        "silver.segment_history",
        "silver.consent_history",
        "silver.product_holdings",
    ):
        assert said[name].num_rows > 0, name
    assert tools.differences(replayed, said) == {}


def test_what_came_later_was_there_to_be_seen(both: tuple[Any, Any, Path], tools: Any) -> None:
    _, _, kept = both
    assert tools.query(
        kept, f"select count(*) > 5 from silver.record_versions where updated_at > timestamp '{EARLIER}'"
    ) == [(True,)]
    # What was said of a holding after the moment is not passed off as its state then.
    assert tools.query(
        kept,
        "select count(*) > 0, count(holdings.status) from silver.product_holdings as holdings "
        f"inner join bronze.product_ownership as bronze using (ownership_id) where bronze.updated_at > timestamp '{EARLIER}'",
    ) == [(True, 0)]
