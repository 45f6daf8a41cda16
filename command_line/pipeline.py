"""Runs dbt in this process, with progress, and sums up what came of it."""

from __future__ import annotations

import gc
import json
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.contracts import PROJECT_DIR
from publishing.release import Checks

BLOCKING = ("error", "fail")


@dataclass
class DbtOutcome:
    """Outcome of one dbt command: whether it went through, its checks, and one line for each thing that went wrong."""

    succeeded: bool
    checks: Checks
    problems: list[str] = field(default_factory=list)
    nodes: int = 0


def run_dbt(arguments: Sequence[str], data_dir: Path, progress: Callable[[str], None] | None = None) -> DbtOutcome:
    """Run a dbt command over the project with `data_dir` as its data folder.

    `progress` gets the name of every model and check that is done. Never raises for what dbt reports as failed.
    """
    os.environ["DATA_DIR"] = str(data_dir)
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    def hear(event: Any) -> None:
        if progress and event.info.name in ("LogModelResult", "LogTestResult", "LogSeedResult"):
            progress(event.data.node_info.node_name)

    place = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    try:
        with _few_collections():
            answer = dbtRunner(callbacks=[hear]).invoke([*arguments, *place, "--quiet", "--log-level", "none"])
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    passed, warned, failed, problems = 0, [], [], []
    results = list(getattr(answer.result, "results", None) or [])
    for result in results:
        status, name = str(result.status), result.node.name
        is_check = result.node.resource_type in ("test", "unit_test")
        if status == "pass":
            passed += 1
        elif status == "warn":
            warned.append(name)
        elif status in BLOCKING:
            message = " ".join((result.message or "").split())
            problems.append(f"{name}: {message}")
            failed.append(name if is_check else f"{name} was not built")
        elif status == "skipped" and not is_check:
            failed.append(f"{name} was not built")
    if answer.exception is not None:
        problems.append(_one_sentence(answer.exception))
    succeeded = bool(answer.success) and answer.exception is None
    if not succeeded and not failed:
        failed.append(problems[0] if problems else "dbt did not finish")
    return DbtOutcome(succeeded, Checks(passed, warned, failed), problems, len(results))


@contextmanager
def _few_collections() -> Iterator[None]:
    """What dbt reads of the project lives to its end: looking through it for garbage at Python's usual pace is a seventh of a build."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _one_sentence(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(
        line for line in lines if not line.startswith((">", "in macro", "Compilation Error", "Runtime Error"))
    )
    if "Could not set lock" in text or "Conflicting lock" in text:
        return (
            "Another process has the warehouse open (a build, or a shell with warehouse.duckdb): end it and run again."
        )
    return text or "".join(traceback.format_exception_only(error)).strip()


def remember_run(data_dir: Path, began: datetime, outcome: DbtOutcome, release_id: str | None) -> None:
    """Keep what `customer-analytics status` says of the last run."""
    note = {
        "started_at": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds(), 1),
        "succeeded": outcome.succeeded and release_id is not None,
        "release_id": release_id,
        "nodes": outcome.nodes,
        "checks_passed": outcome.checks.passed,
        "warned": outcome.checks.warned,
        "problems": outcome.problems,
    }
    path = data_dir / "last_run.json"
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(note, indent=2) + "\n")
    fresh.replace(path)
