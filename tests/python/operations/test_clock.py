"""A clock that was set back changes no order and takes nothing away; one that is far behind stops a run with a sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from operations.clock import check_clock, next_name
from operations.faults import OperationError
from publishing import release as module
from publishing.release import Checks, current_release, publish
from publishing.settings import release_settings


def _at(time: datetime) -> type[datetime]:
    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return time

    return Then


def test_a_release_made_after_the_clock_went_back_is_the_newest(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    releases = data / "published" / "releases"
    made = [current_release(data)["release_id"]]  # type: ignore[index]
    for hours in (-3, -2, -400, 1):
        monkeypatch.setattr(module, "datetime", _at(datetime.now(UTC) + timedelta(hours=hours)))
        made.append(publish(data, Checks(passed=1)).release_id)
        assert current_release(data)["release_id"] == made[-1]  # type: ignore[index]
        assert sorted(path.name for path in releases.iterdir()) == made[-release_settings(data / "published").kept :]
    assert made == sorted(set(made))


def test_names_sort_whatever_lies_beside_them(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert next_name(tmp_path / "nothing", now) == "20260301T000000-000000"
    for name in ("20260301T000000-000009", "20250301T000000-000000", "notes", "29"):
        (tmp_path / name).mkdir()
    assert next_name(tmp_path, now) == "20260301T000000-000010"


@pytest.mark.parametrize("what", ["published/release.json", "last_run.json", "landing.files"])
@pytest.mark.parametrize(("hours", "said"), [(0, False), (3, True), (48, True)])
def test_what_is_said_of_the_clock(data: Path, what: str, hours: int, said: bool) -> None:
    time = datetime.now(UTC) + timedelta(hours=hours)
    if what == "landing.files":
        with duckdb.connect(str(data / "warehouse.duckdb")) as con:
            con.execute("update landing.files set loaded_at = ?", [time.replace(tzinfo=None)])
    else:
        (data / what).write_text(json.dumps({"published_at": time.isoformat(), "started_at": time.isoformat()}))
    if hours > 24:
        with pytest.raises(OperationError, match="set the clock .* --clock-is-right"):
            check_clock(data)
    assert bool(check_clock(data, clock_is_right=True)) == said
