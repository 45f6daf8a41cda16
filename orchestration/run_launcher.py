"""Starts runs as processes of the code server, as Dagster does by itself, and tells its daemon when such a process is gone."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, whose runs are looked after by the daemon (`run_monitoring` in dagster.yaml).

    The code server notices when a process of its own dies. Nobody notices what a power cut or a killed code server ended: such a run would stay
    `started`, and every later one would wait for it.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the process that the run wrote down when it began is still there."""
        pid = self._process_of(run.run_id)
        if pid is None or _is_alive(pid):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process ({pid}) is gone")

    def _process_of(self, run_id: str) -> int | None:
        events = self._instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
        for record in events:
            event = record.event_log_entry.dagster_event
            said = event.engine_event_data.metadata.get("pid") if event else None
            if said is not None:
                return int(str(said.value))
        return None


def _is_alive(pid: int) -> bool:
    """Whether a Python process has this number; after a restart of the machine anybody's may have it."""
    command = Path(f"/proc/{pid}/cmdline")
    if command.parent.parent.joinpath("self").exists():
        return command.exists() and b"python" in command.read_bytes()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
