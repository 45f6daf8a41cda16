"""Expectations as asset checks: red if one blocks, yellow if it warns, and a run that ends before its first model."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from data_quality.judging import Result
from data_quality.runner import QualityReport


def _result(expectation: str, success: bool | None, severity: str = "blocking", accepted: bool = False) -> Result:
    return Result(
        "landing", "suite", expectation, severity, "files__accounts", None, "a.csv", success, 1.0, None, None, "", "",
        f"{expectation} was seen.", "id", accepted,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("results", "passed", "severity"),
    [
        ([], True, "WARN"),
        ([_result("rows", None)], True, "WARN"),
        ([_result("rows", True), _result("rows", False, "warning")], False, "WARN"),
        ([_result("rows", False, "warning"), _result("rows", False)], False, "ERROR"),
        ([_result("rows", False, accepted=True)], True, "WARN"),
        ([_result("another", False)], True, "WARN"),
    ],
)
def test_a_check_is_as_bad_as_its_worst_result(flow, results: list[Result], passed: bool, severity: str):
    from orchestration.quality import check_results

    (check,) = check_results(QualityReport("landing", results), ["rows"], dg.AssetKey("files"))
    assert (check.passed, check.severity.value) == (passed, severity)
    assert ("found" in check.metadata) == (not passed)


def test_what_blocks_ends_the_run_before_the_first_model(flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    report = QualityReport("landing", [_result("key_columns_there", False), _result("columns_kept", False, "warning")])
    monkeypatch.setattr("data_quality.runner.check_landing", lambda *_, **__: report)
    with dg.DagsterInstance.ephemeral() as instance:
        result = flow.defs.resolve_job_def("refresh_health").execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    started = {event.step_key for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_START}
    assert started == {"landing"}
    seen = {e.check_name: e.severity.value for e in result.get_asset_check_evaluations() if not e.passed}
    assert seen == {"key_columns_there": "ERROR", "columns_kept": "WARN"}
    assert "key_columns_there was seen" in result.failure_data_for_node("landing").user_failure_data.description
    assert '"succeeded": false' in (tmp_path / "last_run.json").read_text()
