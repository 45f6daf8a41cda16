"""How long what piles up is kept. The settings are variables in dbt_project.yml, so that they stand, and are checked, where all others are."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingestion.contracts import PROJECT_DIR, project_variables

#: However old they are, so many of the newest logs stay: a machine that is switched on once a quarter has its last logs.
LOGS_AT_LEAST = 10
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class Retention:
    """What is kept: logs and the history of runs by days, back-ups by number."""

    log_days: int
    run_days: int
    backups: int


def retention(project_dir: Path = PROJECT_DIR) -> Retention:
    """The settings keep_log_days, keep_run_days and keep_backups."""
    variables = project_variables(project_dir)
    return Retention(variables["keep_log_days"], variables["keep_run_days"], variables["keep_backups"])


def remove_old(paths: Iterable[Path], days: int, at_least: int = 0) -> list[Path]:
    """Remove files that were last written more than `days` ago, except the newest `at_least`; gives those removed.

    What carries a time later than now (the clock was set back) is not old.
    """
    by_age = sorted(((path.stat().st_mtime, path) for path in paths if path.exists()), reverse=True)
    old = [path for written, path in by_age[at_least:] if written < time.time() - days * SECONDS_OF_A_DAY]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def keep_newest(folders: Iterable[Path], number: int) -> list[Path]:
    """Remove all but the last `number` folders by name; gives those removed."""
    old = sorted(folders, key=lambda path: path.name)[:-number]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return old
