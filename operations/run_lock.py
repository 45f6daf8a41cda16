"""One run at a time over a data folder: who holds it, since when. The system lets go of it when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.faults import WarehouseBusyError

LOCK = ".run.lock"


@contextmanager
def run_lock(data_dir: Path, command: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the data folder for a command that writes.

    Args:
        data_dir: the folder, which is there.
        command: what holds it, for whoever comes second: `customer-analytics run`.
        wait_seconds: how long to wait for another one.

    Raises:
        WarehouseBusyError: another process holds it; the message says which one.
        OSError: the lock's file cannot be written.
    """
    until = time.monotonic() + wait_seconds
    # Opened so that what the holder has written stays if it is not ours.
    with os.fdopen(os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o644), "r+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise WarehouseBusyError(_busy(data_dir)) from error
                time.sleep(min(1.0, max(0.05, until - time.monotonic())))
        note = {"pid": os.getpid(), "command": command, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        file.truncate(0)
        file.write(json.dumps(note) + "\n")
        file.flush()
        try:
            yield
        finally:
            # The file stays, empty: a second one would be another lock.
            file.seek(0)
            file.truncate(0)


def holder(data_dir: Path) -> dict[str, Any] | None:
    """Who holds the data folder now: pid, command, since (UTC); None if nobody does."""
    try:
        with (data_dir / LOCK).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _note(file.read())
            fcntl.flock(file, fcntl.LOCK_UN)
    except OSError:
        pass
    return None


def _note(content: bytes) -> dict[str, Any]:
    try:
        note = json.loads(content)
    except ValueError:
        note = None
    return note if isinstance(note, dict) else {}


def _busy(data_dir: Path) -> str:
    note = _note((data_dir / LOCK).read_bytes())
    command, since, pid = note.get("command", "another command"), note.get("since", ""), note.get("pid", "unknown")
    return (
        f"`{command}` is at work in {data_dir} (process {pid}, since {since[:16].replace('T', ' ')} UTC): wait until it is "
        "done, or end it, and run again."
    )
