"""A run that dies at any moment leaves readers what they had, and the next run ends where an undisturbed one would have."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.python.scenarios.kills import kill_runs, new_files

pytestmark = pytest.mark.slow

#: How many runs are killed; the environment variable KILLS asks for more.
KILLS = int(os.environ.get("KILLS", "6"))


@pytest.mark.thorough
def test_runs_killed_at_random_moments(site: Any, published: Any, tools: Any) -> None:
    seen = kill_runs(site, tools, KILLS)
    assert len(seen.kills) == KILLS
    # Most of them were at work when they were killed.
    assert seen.ended_before <= KILLS / 3
    assert seen.faults == []
    assert seen.looks > 20 * seen.rounds
    assert len(seen.releases) >= 2
    assert seen.differences == {}
    assert seen.leftovers == []


@pytest.mark.thorough
def test_a_restored_warehouse_ends_where_an_undisturbed_one_does(
    site: Any, published: Any, tools: Any, tmp_path: Path
) -> None:
    site.restore("published")
    site.run("backup", "--to", str(tmp_path))
    new_files(site)
    site.run("run")
    calm = tools.tables(site.data)
    assert tools.query(site.data, "select count(*) from entity.entity_customers where customer_id = 'acc-late'") == [
        (1,)
    ]
    warehouse = site.data / "warehouse.duckdb"
    os.truncate(warehouse, warehouse.stat().st_size // 2)
    release = (site.data / "published/release.json").read_text()
    assert "customer-analytics restore" in site.run("run", code=1)
    (backup,) = tmp_path.iterdir()
    site.run("restore", str(backup))
    assert (site.data / "published/release.json").read_text() == release
    site.run("run")
    assert tools.differences(tools.tables(site.data), calm) == {}


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
