"""When files have come into the landing folder, and no more are coming, a run is asked for: one, however many files there are."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg

from ingestion.dbt_plugin import data_dir
from orchestration.automation import is_waiting, refresh_everything

SECONDS_BETWEEN_LOOKS = 30


@dataclass(frozen=True)
class Seen:
    """What the sensor remembers from look to look, as marks of the whole folder: names, sizes and times of all files.

    Attributes:
        asked_for: the folder that the last run was asked for.
        last: the folder at the last look.
        files: how many files there were at the last look.
    """

    asked_for: str = ""
    last: str = ""
    files: int = 0

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Seen:
        """What a look before has written down; nothing if there was none, or another version of this file wrote it."""
        try:
            return cls(**json.loads(cursor or "{}"))
        except (TypeError, ValueError):
            return cls()

    def to_cursor(self) -> str:
        return json.dumps(asdict(self))


def look(folder: Path) -> Seen:
    """The landing folder as it is. Hidden files are files on their way, as everywhere in the project."""
    lines = sorted(_files(folder))
    mark = hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""
    return Seen(last=mark, files=len(lines))


def _files(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.startswith("."):
                continue
            try:
                state = os.stat(os.path.join(place, name))
            except OSError:
                continue
            yield f"{os.path.relpath(os.path.join(place, name), folder)}\t{state.st_size}\t{state.st_mtime_ns}"


def decide(before: Seen, now: Seen) -> tuple[Seen, str | None]:
    """What to remember, and why no run is asked for (None: one is).

    A folder that looks as at the last look is a folder in which nothing is being written. So a run is asked for one look after the last change.
    """
    if now.last in ("", before.asked_for):
        return Seen(before.asked_for, now.last, now.files), "Nothing new lies in the landing folder."
    if now.last != before.last:
        return Seen(before.asked_for, now.last, now.files), "Files have come or are growing; the next look tells."
    return Seen(now.last, now.last, now.files), None


@dg.sensor(
    name="landing_files",
    job=refresh_everything,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Asks for a run when new or changed files lie in the landing folder and have stopped growing.",
)
def landing_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Looks at the landing folder."""
    before = Seen.from_cursor(context.cursor)
    seen, why_not = decide(before, look(data_dir().resolve() / "landing"))
    if why_not is None and is_waiting(context.instance, refresh_everything.name):
        why_not = "A run that waits in the queue will load them."
    if why_not is not None:
        return dg.SensorResult(skip_reason=why_not, cursor=seen.to_cursor())
    request = dg.RunRequest(
        run_key=f"{before.asked_for[:12]}-{seen.asked_for}", tags={"landing_files": str(seen.files)}
    )
    return dg.SensorResult(run_requests=[request], cursor=seen.to_cursor())
