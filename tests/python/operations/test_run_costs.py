"""Each run and part of a run has its row, once, with what it took; the view compares it with its own history."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from command_line import pipeline
from command_line.main import app
from command_line.pipeline import DbtOutcome
from data_quality import runner
from data_quality.runner import QualityReport
from operations import run_costs
from operations.retention import Retention
from operations.run_costs import PartRun, RunFacts, dearest, record
from publishing.release import Checks, publish

BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def facts(number: int, outcome: str = "published", days: float = 1.0) -> RunFacts:
    began = BEGAN + timedelta(days=days * number)
    return RunFacts(f"run-{number}", "run", began, 60.0, outcome, "r" if outcome == "published" else None, 2, 5, 1, 0)


def part(name: str, seconds: float, status: str = "success", relation: str | None = None) -> PartRun:
    return PartRun(f"model.x.{name}", name, "model", "", status, datetime(2026, 3, 1, 9), seconds, None, "", relation)


def rows(data: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_run_is_kept_once_and_settled_later(data: Path) -> None:
    parts = [part("many", 2.0, relation="silver.many"), part("gone", 0.0, "skipped", relation="silver.gone")]
    record(data, facts(1, "built"), parts)
    record(data, facts(1, "published"), parts)
    record(data, facts(2, "failed"), [part("many", 1.0, "error", relation="silver.many")])
    assert rows(data, "select run_number, outcome, release_id, load_id, parts from operations.runs order by 1") == [
        (1, "published", "r", 1, 2),
        (2, "failed", None, 1, 2),
    ]
    assert rows(
        data, "select run_number, name, status, seconds, table_rows from operations.model_runs order by 1, 2"
    ) == [
        (1, "gone", "skipped", 0.0, None),
        (1, "many", "success", 2.0, 200_000),
        (2, "many", "error", 1.0, 200_000),
    ]


def test_a_run_that_built_nothing_begins_no_history(data: Path) -> None:
    record(data, facts(1, "failed"), [])
    assert rows(data, "select count(*) from information_schema.tables where table_schema = 'operations'") == [(0,)]


def test_slower_than_usual_is_beside_its_own_history(data: Path) -> None:
    for number in range(1, 7):
        # The slow one is always slow; the failed run of the other one counts for nothing.
        parts = [part("slow", 50.0), part("quick", 0.1 * number), part("odd", 30.0 if number == 6 else 2.0)]
        record(data, facts(number), [*parts, part("once", 1.0)] if number == 6 else parts)
    record(data, facts(7, "failed"), [part("odd", 500.0, "error")])
    found = rows(
        data,
        "select name, seconds, usual_seconds, is_slower_than_usual, earlier_runs from operations.model_costs order by name",
    )
    assert found == [
        ("odd", 30.0, 2.0, True, 5),
        ("once", 1.0, None, False, 0),
        ("quick", pytest.approx(0.6), pytest.approx(0.3), False, 5),
        ("slow", 50.0, 50.0, False, 5),
    ]
    shares = dict(rows(data, "select name, share_of_run from operations.model_costs"))
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["slow"] == pytest.approx(50.0 / 81.6)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        # The last run failed and has no part that went through.
        assert dearest(con) == []


def test_history_is_kept_for_so_many_days_and_a_clock_set_back_costs_none(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_costs, "retention", lambda: Retention(log_days=1, run_days=10, backups=1))
    for number in (1, 2, 12):
        record(data, facts(number), [part("many", 1.0)])
    assert rows(data, "select run_id from operations.runs order by run_number") == [("run-2",), ("run-12",)]
    record(
        data, RunFacts("back", "run", BEGAN + timedelta(days=5), 1.0, "published", "r", 1, 0, 0, 0), [part("many", 9.0)]
    )
    assert rows(data, "select run_id, run_number from operations.runs order by run_number") == [
        ("run-2", 2),
        ("run-12", 3),
        ("back", 4),
    ]
    assert rows(data, "select run_id, seconds from operations.model_costs") == [("back", 9.0)]
    assert rows(data, "select count(*) from operations.model_runs") == [(3,)]


def test_a_release_has_the_costs(data: Path) -> None:
    record(data, facts(1, "built"), [part("many", 2.0, relation="silver.many")])
    publish(data, Checks(passed=1))
    with duckdb.connect(str(data / "published" / "marts.duckdb"), read_only=True) as con:
        assert [(one["name"], one["seconds"], one["table_rows"]) for one in dearest(con)] == [("many", 2.0, 200_000)]


@pytest.mark.parametrize("failed", [[], ["keys_are_unique"]])
def test_a_release_made_by_hand_has_its_row(data: Path, monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    record(data, facts(1), [part("many", 2.0)])
    checks = DbtOutcome(not failed, Checks(3, failed=failed), parts=[part("many", 9.0, "pass")], nodes=3)
    monkeypatch.setattr(pipeline, "run_dbt", lambda arguments, folder: checks)
    monkeypatch.setattr(runner, "check_landing", lambda folder, load: QualityReport("landing"))
    monkeypatch.setattr(runner, "check_marts", lambda folder: QualityReport("marts"))
    answer = CliRunner().invoke(app, ["publish", "--data-dir", str(data)])
    assert (answer.exit_code == 0) == (not failed), answer.output
    release = json.loads((data / "published" / "release.json").read_text())["release_id"]
    ((command, outcome, made, passed),) = rows(
        data, "select command, outcome, release_id, checks_passed from operations.runs where run_number = 2"
    )
    assert (command, passed) == ("publish", 3)
    assert (outcome, made) == (("failed", None) if failed else ("published", release))
    assert rows(data, "select name, seconds from operations.model_costs") == [("many", 2.0)], "of the last build"
