"""Schedules are ticked, freshness turns red, a run whose process is gone is found."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.definitions.freshness_evaluator import TimeWindowFreshnessPolicyEvaluator
from dagster._core.launcher.base import WorkerStatus
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import create_run_for_test, freeze_time
from dagster._utils.schedules import schedule_execution_time_iterator

from ingestion.contracts import PROJECT_DIR

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path: Path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def _ticks_of_a_week(schedule: dg.ScheduleDefinition) -> list[datetime]:
    times = schedule_execution_time_iterator(
        MONDAY.timestamp(), str(schedule.cron_schedule), schedule.execution_timezone, ascending=True
    )
    found = []
    for moment in times:
        if moment >= MONDAY + timedelta(days=7):
            return found
        found.append(moment)
    return found


def test_a_week_of_schedules_asks_for_the_runs_that_freshness_needs(flow, instance):
    asked: Counter[str] = Counter()
    for schedule in flow.defs.get_repository_def().schedule_defs:
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED, "off until somebody switches it on"
        for moment in _ticks_of_a_week(schedule):
            context = dg.build_schedule_context(
                instance, scheduled_execution_time=moment, repository_def=flow.defs.get_repository_def()
            )
            asked[schedule.job_name] += len(schedule.evaluate_tick(context).run_requests)
    assert asked == Counter(
        refresh_health=42,
        refresh_everything=7,
        relearn_churn=1,
        report_at_risk_accounts=7,
        report_health_changes=1,
        report_retention=0,
    )
    monthly = flow.defs.get_repository_def().get_schedule_def("report_retention")
    assert monthly.cron_schedule == "30 6 1 * *"


def test_one_run_waits_in_the_queue_and_not_a_second(flow, instance):
    schedule = flow.defs.get_repository_def().get_schedule_def("health_every_four_hours")
    create_run_for_test(instance, job_name="refresh_health", status=dg.DagsterRunStatus.STARTED)
    context = dg.build_schedule_context(instance, scheduled_execution_time=MONDAY)
    assert len(schedule.evaluate_tick(context).run_requests) == 1, "behind a run that goes on, the next one queues"
    create_run_for_test(instance, job_name="refresh_health", status=dg.DagsterRunStatus.NOT_STARTED)
    said = schedule.evaluate_tick(context)
    assert said.run_requests == []
    assert "waits in the queue" in said.skip_message


def test_health_is_refreshed_without_the_python_steps_and_everything_with_them(flow):
    from orchestration.project import ASSETS, STEPS

    written = {ASSETS[table] for tables in STEPS for table in tables}
    jobs = {
        name: set(flow.defs.resolve_job_def(name).asset_layer.selected_asset_keys)
        for name in ("refresh_health", "refresh_everything", "relearn_churn")
    }
    assert jobs["refresh_health"] == jobs["refresh_everything"] - written
    assert written <= jobs["refresh_everything"] == jobs["relearn_churn"]
    for keys in jobs.values():
        after = {dg.AssetKey(name) for name in ("daily_facts", "marts_quality", "audit", "published", "alerts")}
        assert after <= keys


def test_steps_that_the_weekly_job_relearns_are_steps(flow):
    from orchestration.automation import LEARNT_WEEKLY

    steps = {node.name for node in flow.defs.resolve_job_def("relearn_churn").nodes}
    assert {"predict_churn", "foretell_lifetime_value"} == set(LEARNT_WEEKLY) <= steps


@pytest.mark.parametrize(
    ("table", "yellow", "red"),
    [
        ("entity/entity_customers", 6, 9),
        ("gold/fct_sessions", 31, 49),
        ("gold/fct_churn_predictions", 24 * 10, 24 * 15),
    ],
)
def test_a_table_that_nobody_refreshes_turns_yellow_and_then_red(flow, instance, table: str, yellow: int, red: int):
    key = dg.AssetKey(table.split("/"))
    node = flow.defs.resolve_asset_graph().get(key)

    def state(hours: float) -> FreshnessState:
        with freeze_time(MONDAY + timedelta(hours=hours)):
            evaluation = TimeWindowFreshnessPolicyEvaluator().evaluate_freshness(LoadingContextForTest(instance), node)
            return asyncio.run(evaluation)

    assert state(0) == FreshnessState.UNKNOWN
    with freeze_time(MONDAY):
        instance.report_runless_asset_event(dg.AssetMaterialization(key))
    assert state(1) == FreshnessState.PASS
    assert state(yellow) == FreshnessState.WARN
    assert state(red) == FreshnessState.FAIL


def test_every_table_that_readers_get_has_a_limit_of_age(flow):
    from publishing.marts import PUBLISHED_SCHEMAS

    graph = flow.defs.resolve_asset_graph()
    read = [
        key for key in graph.get_all_asset_keys() if key.path[0] in PUBLISHED_SCHEMAS and key.path[0] != "reference"
    ]
    assert [key for key in read if graph.get(key).freshness_policy is None] == []
    assert graph.get(dg.AssetKey("published")).freshness_policy is not None


def test_a_run_whose_process_is_gone_is_found(instance):
    from dagster._core.events import EngineEventData

    from orchestration.run_launcher import WatchedRunLauncher

    launcher = WatchedRunLauncher()
    launcher.register_instance(instance)
    run = create_run_for_test(instance, job_name="refresh_health", status=dg.DagsterRunStatus.STARTED)
    assert launcher.check_run_worker_health(run).status == WorkerStatus.RUNNING, "it has not said where it runs"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        instance.report_engine_event("Started", run, EngineEventData.in_process(process.pid))
        assert launcher.check_run_worker_health(run).status == WorkerStatus.RUNNING
        process.kill()
        process.wait()
    gone = launcher.check_run_worker_health(run)
    assert gone.status == WorkerStatus.FAILED
    assert str(process.pid) in str(gone)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_dbt_does_not_outlive_the_run_that_started_it():
    child = "import os, sys, time; from ingestion.dbt_plugin import end_with_parent; end_with_parent(int(sys.argv[1])); print(os.getpid(), flush=True); time.sleep(600)"
    run = f"import os, subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}, str(os.getpid())]); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, text=True, cwd=PROJECT_DIR) as process:
        dbt = int(process.stdout.readline())
        os.kill(dbt, 0)
        process.kill()
        # The pipe is at its end when nobody is left who could write to it.
        assert process.communicate(timeout=60) == ("", None)
    until = time.monotonic() + 10
    while Path(f"/proc/{dbt}").exists() and "Z" not in Path(f"/proc/{dbt}/stat").read_text().split()[2]:
        assert time.monotonic() < until
        time.sleep(0.1)
