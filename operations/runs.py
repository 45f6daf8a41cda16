"""What every command that writes has in common: an id, the lock, the log, and faults in one sentence with the log's path."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from operations.faults import (
    WAREHOUSE,
    OperationError,
    WarehouseBusyError,
    require_usable,
    require_writable,
    sentence_of,
)
from operations.logs import log_path, run_log
from operations.run_lock import run_lock


def run_id_of(began: datetime) -> str:
    """The id of a run that began then; the name of its log."""
    return f"{began:%Y%m%dT%H%M%S}-{began:%f}"


@dataclass(frozen=True)
class Run:
    """A command that writes, under way."""

    run_id: str
    began: datetime
    command: str
    log: Any


@contextmanager
def one_run(
    data_dir: Path, command: str, wait_seconds: float = 0.0, usable: bool = True, began: datetime | None = None
) -> Iterator[Run]:
    """Hold the data folder for a command, with a log of its own.

    Args:
        data_dir: the folder; it is made where it is missing.
        command: the name of the command.
        wait_seconds: how long to wait for another command that holds the folder, or somebody who has the warehouse open.
        usable: the warehouse must be fit for use, if there is one.
        began: when the command began, from which its id is made; now if not given.

    Raises:
        OperationError: the folder cannot be written or is held by another one, the warehouse is in use or damaged, or the command met a
            fault that is known or that it did not expect. Errors that are sentences already, and exits, pass through as they are.
    """
    require_writable(data_dir)
    until = time.monotonic() + wait_seconds
    began = began or datetime.now(UTC)
    run_id = run_id_of(began)
    with run_lock(data_dir, f"customer-analytics {command}", wait_seconds), run_log(data_dir, run_id, command) as log:
        log.info("began", step="run", data_dir=data_dir, duckdb=duckdb.__version__)
        try:
            if usable:
                _wait_until_usable(data_dir / WAREHOUSE, until)
            yield Run(run_id, began, command, log)
        except KeyboardInterrupt:
            log.warning("interrupted", step="run")
            raise
        except Exception as error:
            exit_code = getattr(error, "exit_code", None)
            if exit_code == 0:
                raise
            cause = error.__cause__ if exit_code is not None else error
            said = str(cause) if cause else "failed" if exit_code is not None else str(error)
            log.error(said, step="run", exc_info=cause)
            if exit_code is not None or isinstance(error, OperationError):
                raise
            known = sentence_of(error, data_dir) if isinstance(error, OSError | duckdb.Error) else None
            path = log_path(data_dir, run_id)
            raise OperationError(
                known
                or f"`customer-analytics {command}` met what it did not expect ({type(error).__name__}: {_first_line(error)}); "
                f"the whole of it stands in {path}."
            ) from error
        else:
            log.info("done", step="run", seconds=round((datetime.now(UTC) - began).total_seconds(), 1))


def _wait_until_usable(warehouse: Path, until: float) -> None:
    while True:
        try:
            require_usable(warehouse)
        except WarehouseBusyError:
            if time.monotonic() >= until:
                raise
            time.sleep(1)
        else:
            return


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0].rstrip(".")
