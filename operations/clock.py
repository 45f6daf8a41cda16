"""What a clock that was set back would spoil: names that sort by time, and times that a load takes for the future."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from operations.faults import WAREHOUSE, OperationError

#: Times later than now by less than this are no sign of a wrong clock: two machines never quite agree.
CLOCK_TOLERANCE = timedelta(minutes=5)
#: A clock that is behind by more would have today's events taken for the future (the variable future_tolerance_hours), for good.
CLOCK_MAX_BEHIND = timedelta(hours=24)
NAME = "%Y%m%dT%H%M%S-%f"


def next_name(folder: Path, now: datetime) -> str:
    """A name by time that sorts after all such names in a folder, hidden ones left out, also if the clock was set back."""
    there = [
        time
        for time in (_time_of(path.name) for path in (folder.iterdir() if folder.is_dir() else ()))
        if time is not None
    ]
    return max([now, *(time + timedelta(microseconds=1) for time in there)]).strftime(NAME)


def _time_of(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def last_times(data_dir: Path) -> dict[str, datetime]:
    """When what was done last was done (UTC): the release that is out, the last run, the last load; as far as they can be read."""
    times = {}
    notes = {
        "the release that is out": ("published/release.json", "published_at"),
        "the last run": ("last_run.json", "started_at"),
    }
    for name, (path, key) in notes.items():
        try:
            times[name] = datetime.fromisoformat(json.loads((data_dir / path).read_text())[key])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    warehouse = data_dir / WAREHOUSE
    try:
        if warehouse.exists():
            with duckdb.connect(str(warehouse), read_only=True) as con:
                loaded = con.execute("select max_by(loaded_at, load_id) from landing.files").fetchall()[0][0]
                times |= {"the last load": loaded.replace(tzinfo=UTC)} if loaded else {}
    except duckdb.Error:
        # No load yet, or a warehouse that others speak of.
        pass
    return times


def check_clock(data_dir: Path, clock_is_right: bool = False) -> str | None:
    """What to say of the clock before a run; None if nothing.

    Raises OperationError if it is so far behind that new events would be taken for the future, unless somebody says that it is right.
    """
    now = datetime.now(UTC)
    ahead = {name: time for name, time in last_times(data_dir).items() if time > now + CLOCK_TOLERANCE}
    if not ahead:
        return None
    name, time = max(ahead.items(), key=lambda item: item[1])
    said = f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, and {name} is of {time:%Y-%m-%d %H:%M} UTC"
    if time > now + CLOCK_MAX_BEHIND and not clock_is_right:
        raise OperationError(
            f"{said}: set the clock (timedatectl set-ntp true) and run again, since new events would be taken for the future; if it was the "
            "earlier time that was wrong, run once with --clock-is-right. Nothing was touched."
        )
    return (
        f"{said}: set the clock (timedatectl set-ntp true). Nothing is lost: releases, loads and runs keep their order."
    )
