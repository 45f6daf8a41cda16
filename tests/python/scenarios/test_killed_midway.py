"""A run that dies at any moment leaves readers what they had, and the next run ends where an undisturbed one would have."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

#: parts of the usual time
MOMENTS = (0.2, 0.3, 0.55, 0.75, 0.85, 0.95)

READER = """
import json, sys, time
from pathlib import Path
import duckdb
published, stop, report = map(Path, sys.argv[1:])
rounds, faults, releases = 0, [], set()
while not stop.exists():
    rounds += 1
    try:
        before = json.loads((published / "release.json").read_text())
        with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
            customers, quarantined = con.execute(
                "select (select count(*) from entity.entity_customers), (select sum(rows_quarantined) from gold.load_ledger)").fetchall()[0]
        after = json.loads((published / "release.json").read_text())
        releases.add(before["release_id"])
        if before["release_id"] == after["release_id"] and customers != before["row_counts"]["entity.entity_customers"]:
            faults.append(f"{customers} customers in release {before['release_id']}")
        if not customers or quarantined is None:
            faults.append("an empty release")
    except Exception as error:
        faults.append(repr(error))
    time.sleep(0.05)
report.write_text(json.dumps({"rounds": rounds, "faults": faults, "releases": sorted(releases)}))
"""


def _new_files(site: Any) -> None:
    events = gzip.decompress((site.data / "landing/files/customer_events/customer_events_2026-08.csv.gz").read_bytes())
    head, *rows = events.splitlines(keepends=True)
    site.put("files/customer_events/late.csv", head + b"".join(b"k" + row for row in rows if b'"' not in row))
    site.put("files/accounts/late.csv", "customer_id,customer_name,updated_at\nacc-late,Late Ltd,2026-10-30\n")


@pytest.mark.thorough
def test_a_run_killed_at_any_moment(site: Any, published: Any, tools: Any, tmp_path: Path) -> None:
    old, _, _ = published
    site.restore("published")
    _new_files(site)
    began = time.monotonic()
    site.run("run")
    usual = time.monotonic() - began
    calm = tools.tables(site.data)
    assert tools.query(site.data, "select count(*) from entity.entity_customers where customer_id = 'acc-late'") == [
        (1,)
    ]

    site.restore("published")
    _new_files(site)
    stop, report = tmp_path / "stop", tmp_path / "report.json"
    reader = subprocess.Popen([sys.executable, "-c", READER, str(site.data / "published"), str(stop), str(report)])
    try:
        for moment in MOMENTS:
            process = site.start("run")
            time.sleep(usual * moment)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if moment < 0.6:
                release = json.loads((site.data / "published/release.json").read_text())
                assert release == json.loads((old / "published/release.json").read_text())
        site.run("run")
    finally:
        stop.touch()
        reader.wait(30)
    seen = json.loads(report.read_text())
    assert seen["faults"] == []
    assert seen["rounds"] > 20
    assert len(seen["releases"]) >= 2
    assert tools.differences(tools.tables(site.data), calm) == {}
    leftovers = [path.name for path in (site.data / "published").rglob(".*")]
    assert leftovers == []


@pytest.mark.thorough
def test_a_full_refresh_that_dies_does_not_pass_old_sessions_off_as_new(site: Any, published: Any, tools: Any) -> None:
    site.restore("published")
    settings = ("--vars", "{session_timeout_minutes: 5}")
    process = site.start("build", "--full-refresh", *settings, program="dbt")
    assert process.stdout is not None
    for line in process.stdout:
        # Some seeds are in, no session is rebuilt yet.
        if " 12 of " in line and "START" in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    again = site.start(
        "build",
        "--select",
        "+silver__sessions",
        "--exclude-resource-type",
        "test",
        "unit_test",
        *settings,
        program="dbt",
    )
    printed, _ = again.communicate(timeout=300)
    if again.returncode == 0:
        expected = tools.query(
            site.data,
            """
            select count(*) from (
                select
                    occurred_at - lag(occurred_at) over (partition by coalesce(visitor_id, user_id) order by occurred_at) as pause
                from bronze.customer_events
                where coalesce(visitor_id, user_id) is not null and not coalesce(is_bot, false)
            ) where pause is null or pause >= interval 5 minutes
            """,
        )
        assert tools.query(site.data, "select count(*) from silver.sessions") == expected
    else:
        assert "--full-refresh" in printed
