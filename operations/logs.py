"""One log for each command that writes: lines of JSON in logs/ of the data folder. The console says what it always said."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from operations.retention import LOGS_AT_LEAST, remove_old, retention

LOGS = "logs"


def log_path(data_dir: Path, run_id: str) -> Path:
    """Where the log of a run lies."""
    return data_dir / LOGS / f"{run_id}.jsonl"


@contextmanager
def run_log(data_dir: Path, run_id: str, command: str) -> Iterator[Any]:
    """A structlog logger whose lines carry time, level, run_id, command, step (where given), message and whatever else they are given.

    Old logs are removed. Where no log can be written (a full disk) the lines go nowhere: a log never stops a run.
    """
    file: io.TextIOBase
    try:
        path = log_path(data_dir, run_id)
        path.parent.mkdir(exist_ok=True)
        remove_old(path.parent.glob("*.jsonl"), retention().log_days, LOGS_AT_LEAST)
        file = _PatientFile(path)
    except OSError:
        file = io.StringIO()
    with file:
        yield structlog.wrap_logger(
            structlog.WriteLogger(file),  # type: ignore[arg-type]
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.processors.format_exc_info,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(default=str),
            ],
        ).bind(run_id=run_id, command=command)


class _PatientFile(io.TextIOBase):
    """A file to which whole lines are added; a line that the disk does not take is dropped."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text.encode(errors="replace"))
        return len(text)

    def close(self) -> None:
        self._file.close()
        super().close()
