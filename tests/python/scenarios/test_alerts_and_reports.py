"""Alerts and reports of a whole company that was built and published: what they read is there, and their numbers are those of the marts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from alerting.delivery import send_alerts
from publishing.reading import open_release
from reporting.reports import REPORTS, write_report

pytestmark = pytest.mark.slow


@pytest.fixture
def released(published: Any, tmp_path: Path) -> Iterator[Path]:
    """The published company, in a folder of one's own for what is written."""
    folder, _, _ = published
    (tmp_path / "published").symlink_to(folder / "published")
    yield tmp_path
    shutil.rmtree(tmp_path / "alerts", ignore_errors=True)


def test_the_rules_hold_for_whom_the_marts_say(released: Path) -> None:
    with duckdb.connect(str((released / "published" / "marts.duckdb").resolve()), read_only=True) as con:
        told = {
            rule: (least, count)
            for rule, least, count in con.execute(
                "select rule, min(measured_value), count(*) from metrics.alerts where holds group by rule"
            ).fetchall()
        }
        silent = con.execute(
            "select count(*) from entity.entity_customers where is_active and last_login_days_ago >= 14"
        ).fetchall()[0][0]
        below, in_band = con.execute(
            "select count(*) filter (where health_score < 40), count(*) filter (where health_score >= 40 and health_score < 45) "
            "from entity.entity_customers where is_active"
        ).fetchall()[0]
        tickets = con.execute(
            "select count(*) from gold.fct_support_tickets where priority = 'urgent' and not is_resolved"
        ).fetchall()[0][0]
        late = con.execute("select count(*) from metrics.alerts where holds_since > as_of").fetchall()[0][0]
    assert told.get("no_login_14_days", (14, 0))[1] == silent
    assert below <= told.get("health_below_40", (0, 0))[1] <= below + in_band
    assert told.get("critical_ticket_unresolved", (0, 0))[1] == tickets
    assert late == 0
    assert sum(count for _, count in told.values()) > 0
    report = send_alerts(released)
    assert report.began == sum(count for _, count in told.values())
    lines = (released / "alerts" / "alerts.jsonl").read_text().splitlines()
    assert len({json.loads(line)["alerts"][0]["alert_key"] for line in lines}) == report.began


@pytest.mark.parametrize("name", list(REPORTS))
def test_every_report_is_made_of_the_release(released: Path, name: str) -> None:
    page, document, workbook = write_report(released, name)
    with open_release(released) as release:
        assert release.release_id in page.read_text()
        for table in REPORTS[name].make(release).read_from:
            assert release.has(table)
    assert document.read_bytes().startswith(b"%PDF")
    assert workbook.stat().st_size > 5000
