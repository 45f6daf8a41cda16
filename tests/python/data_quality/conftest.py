"""A small flow without dbt: exports of three tables, loaded and judged month by month, each published as far as the ledger goes."""

from __future__ import annotations

import csv
import io
import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_quality.runner import QualityReport, check_landing

Rows = list[dict[str, Any]]
MONTHS = ("2025-07", "2025-08", "2025-09")
NEXT = "2025-10"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as text with a header; a value that is None is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def accounts(month: str) -> Rows:
    """A full export: it grows a little from month to month."""
    draw = random.Random(month)
    return [
        {
            "customer_id": f"acc-{n:04d}",
            "customer_name": f"Company {n}",
            "customer_tier": draw.choice(["SMB", "Mid-Market", "Enterprise"]),
            "country": draw.choice(["DE", "US", "GB", "FR"]),
            "seats": draw.randint(1, 90),
            "created_at": f"2024-{1 + n % 12:02d}-{1 + n % 28:02d} 10:00:00",
            "updated_at": f"{month}-{draw.randint(1, 28):02d} 12:00:{n % 60:02d}",
        }
        for n in range(200 + 4 * int(month[-2:]))
    ]


def events(month: str) -> Rows:
    """What happened in a month."""
    draw = random.Random(month)
    return [
        {
            "event_id": f"{month}-{n}",
            "event_name": draw.choice(["page_view", "login", "feature_used", "purchase"]),
            "occurred_at": f"{month}-{1 + n % 28:02d} {n % 24:02d}:15:00",
            "received_at": f"{month}-{1 + n % 28:02d} {n % 24:02d}:15:02",
            "customer_id": f"acc-{draw.randint(0, 200):04d}",
            "event_value": round(draw.uniform(1, 200), 2) if draw.random() < 0.2 else None,
        }
        for n in range(300)
    ]


def answers(month: str) -> Rows:
    """Answers to surveys, whose kinds the contract lists."""
    draw = random.Random(month)
    return [
        {
            "response_id": f"{month}-{n}",
            "customer_id": f"acc-{draw.randint(0, 200):04d}",
            "survey_type": draw.choice(["nps", "csat", "ces"]),
            "score": draw.randint(1, 5),
            "responded_at": f"{month}-{1 + n % 28:02d} 09:00:00",
        }
        for n in range(120)
    ]


def charges(month: str) -> Rows:
    """A connector's table."""
    draw = random.Random(month)
    return [
        {
            "id": f"ch_{month}_{n}",
            "customer_id": f"cus_{draw.randint(0, 50)}",
            "created": f"{month}-{1 + n % 28:02d} 09:00:00",
            "status": draw.choice(["succeeded", "succeeded", "failed"]),
            "amount": draw.randint(100, 90_000),
            "currency": "usd",
            "_fivetran_synced": f"{month}-28 10:00:00",
        }
        for n in range(100)
    ]


TABLES = {
    "files/accounts": accounts,
    "files/customer_events": events,
    "files/survey_responses": answers,
    "stripe/charge": charges,
}


class Flow:
    """A data folder: files are put into it, judged, and published as far as the ledger goes."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def put(self, table: str, month: str, rows: Rows | str) -> Path:
        """Write an export of a month; `rows` may be the text of the file."""
        path = self.data / "landing" / table / f"{table.split('/')[1]}_{month}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rows if isinstance(rows, str) else as_csv(rows))
        return path

    def put_month(self, month: str, **instead: Any) -> None:
        """Write all exports of a month; `instead` has rows for some tables, under their names, or None for no file."""
        for table, make in TABLES.items():
            rows = instead.get(table.split("/")[1], make(month))
            if rows is not None:
                self.put(table, month, rows)

    def check(self) -> QualityReport:
        """Load what is new and judge it."""
        return check_landing(self.data)

    def publish(self) -> None:
        """Make a release that holds what the register holds, as far as the judge of files looks at it."""
        marts = self.data / "published" / "marts.duckdb"
        marts.parent.mkdir(exist_ok=True)
        marts.unlink(missing_ok=True)
        with duckdb.connect() as con:
            con.execute(f"attach '{self.data}/warehouse.duckdb' as built (read_only)")
            con.execute(f"attach '{marts}' as marts")
            con.execute("create schema marts.gold")
            con.execute(
                "create table marts.gold.load_ledger as select source_file, sha256, reason as file_reason from built.landing.files"
            )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(self.data / "warehouse.duckdb")) as con:
            return con.execute(sql).fetchall()


def failed(report: QualityReport) -> set[tuple[str, str, str]]:
    """Expectation, severity and table of what failed."""
    return {(one.expectation, one.severity, one.table) for one in report.results if one.success is False}


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[QualityReport]]:
    """Three months of clean exports, each loaded, judged and published; and what was said of them."""
    flow = Flow(tmp_path_factory.mktemp("clean") / "data")
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAPPINGS_DIR", str(tmp_path_factory.mktemp("mappings")))
        for month in MONTHS:
            flow.put_month(month)
            said.append(flow.check())
            flow.publish()
    return flow.data, said


@pytest.fixture
def flow(clean: tuple[Path, list[QualityReport]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """A copy of the flow after its clean months."""
    (tmp_path / "mappings").mkdir()
    monkeypatch.setenv("MAPPINGS_DIR", str(tmp_path / "mappings"))
    shutil.copytree(clean[0], tmp_path / "data")
    return Flow(tmp_path / "data")
