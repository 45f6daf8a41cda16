"""What dbt knows of the project: parsed anew only if a file of the project is newer than the last time."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from command_line.pipeline import run_dbt
from ingestion.contracts import PROJECT_DIR
from ingestion.dbt_plugin import data_dir

_READ_BY_DBT = ("models", "seeds", "macros", "tests/dbt", "dbt_project.yml", "profiles.yml", "requirements.lock")


class ProjectError(Exception):
    """dbt cannot read the project; the message is dbt's."""


def target_path(purpose: str) -> Path:
    """Folder for dbt's artifacts. Never the one of the command line: a run with `--vars` leaves another manifest there."""
    return (PROJECT_DIR / (os.environ.get("DBT_TARGET_PATH") or "target")).resolve() / "dagster" / purpose


def prepared_manifest(tell: Callable[[str], None] = lambda words: None) -> Path:
    """Path of a manifest that says what the project's files say; a fresh clone has none, and gets one in half a minute.

    `tell` hears of it if dbt has to read the project. Raises ProjectError if it cannot.
    """
    manifest = target_path("definitions") / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    # Code server, runs and commands may all find it old at once: one writes it, and the others find it whole.
    with (manifest.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not manifest.exists() or max(_times_of_change()) > manifest.stat().st_mtime:
            tell(
                "dbt reads the project, as it does after every change of it: half a minute, or some on a busy machine."
            )
            outcome = run_dbt(["parse", "--write-json", "--target-path", str(manifest.parent)], data_dir().resolve())
            if not outcome.succeeded:
                raise ProjectError("; ".join(outcome.problems))
    return manifest


def spare_parsing(target: Path) -> None:
    """Put what dbt has read of the project where a call of dbt looks for it; without it, each first call reads all of it once more."""
    read = target_path("definitions") / "partial_parse.msgpack"
    there = target / read.name
    if read.exists() and not (there.exists() and there.stat().st_mtime >= read.stat().st_mtime):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(read, there)


def _times_of_change() -> Iterator[float]:
    """Of files and of folders, whose time says that something in them was taken away."""
    for name in _READ_BY_DBT:
        path = PROJECT_DIR / name
        for entry in (path, *path.rglob("*")) if path.exists() else ():
            yield entry.stat().st_mtime


if __name__ == "__main__":
    try:
        prepared_manifest(tell=lambda words: print(words, flush=True))
    except ProjectError as error:
        sys.exit(f"error: dbt cannot read the project: {error}")
