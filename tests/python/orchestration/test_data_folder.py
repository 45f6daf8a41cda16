"""A run of Dagster holds the data folder from its first step to its last; a command waits for it, and it waits for a command."""

from __future__ import annotations

import threading
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from command_line.console import errors
from command_line.main import app
from operations.run_lock import holder, run_lock
from orchestration.data_folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(errors, "_width", 400)
    return tmp_path


def _run(*steps: dg.AssetsDefinition, wait_minutes: float = 0) -> dg.ExecuteInProcessResult:
    return dg.materialize([*steps], resources={"data": DataFolder(wait_minutes=wait_minutes)}, raise_on_error=False)


def _said(result: dg.ExecuteInProcessResult) -> str:
    return " ".join(str(event.event_specific_data) for event in result.all_events if event.is_failure)


def test_no_command_comes_between_the_steps_of_a_run(folder: Path) -> None:
    held: list[dict | None] = []
    refused: list[str] = []

    @dg.asset
    def first(data: DataFolder) -> None:
        held.append(holder(data.folder))

    @dg.asset(deps=[first])
    def second(data: DataFolder) -> None:
        held.append(holder(folder))
        for command in ("run", "backup"):
            answer = CliRunner().invoke(app, [command, "--data-dir", str(folder)])
            assert answer.exit_code == 1
            refused.append(answer.stderr)

    result = _run(first, second)
    assert result.success
    assert held[0] is not None and held[0] == held[1]
    assert held[0]["command"] == f"dagster run {result.run_id[:8]}"
    assert len(refused) == 2 and all(
        f"`{held[0]['command']}` is at work in {folder} (process " in said for said in refused
    )
    assert holder(folder) is None


def test_a_run_waits_for_a_command_and_no_longer_than_it_may(folder: Path) -> None:
    done: list[str] = []

    @dg.asset
    def step(data: DataFolder) -> None:
        done.append("step")

    with run_lock(folder, "customer-analytics backup"):
        result = _run(step)
        assert not result.success and not done
        assert f"`customer-analytics backup` is at work in {folder} (process " in _said(result)
    command = run_lock(folder, "customer-analytics backup")
    command.__enter__()
    threading.Timer(1, lambda: (done.append("command"), command.__exit__(None, None, None))).start()
    assert _run(step, wait_minutes=1).success
    assert done == ["command", "step"]


def test_a_step_that_fails_lets_go_of_the_folder(folder: Path) -> None:
    @dg.asset
    def step(data: DataFolder) -> None:
        raise dg.Failure("no")

    assert not _run(step).success
    assert holder(folder) is None


def test_a_folder_that_cannot_be_made_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("DATA_DIR", str(folder / "file" / "below"))

    @dg.asset
    def step(data: DataFolder) -> None: ...

    assert "cannot be written" in _said(_run(step))
