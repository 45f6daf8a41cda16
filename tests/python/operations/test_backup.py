"""A back-up is whole or not there, and a restoration loses nothing, not even what it replaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from operations import backup as module
from operations.backup import back_up, list_backups, restore
from operations.faults import OperationError
from operations.retention import keep_newest, remove_old
from tests.python.operations.conftest import contents


def _rows(data: Path, table: str = "silver.many") -> int:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _say(data: Path, name: str, text: str) -> Path:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_there_and_back(data: Path) -> None:
    _say(data, "feedback/insights.jsonl", "one\n")
    _say(data, "alerts/state.json", "{}")
    made = back_up(data)
    assert set(made.files) == {"warehouse.duckdb", "feedback/insights.jsonl", "alerts/state.json"}
    assert (made.row_counts["silver.many"], made.load_id) == (200_000, 1)
    with duckdb.connect(str(data / "warehouse.duckdb")) as con:
        con.execute("delete from silver.many where n >= 10")
    (data / "alerts" / "state.json").unlink()
    _say(data, "feedback/insights.jsonl", "one\ntwo\n")
    others = contents(data / "landing") | contents(data / "published")
    done = restore(data, made.folder)
    assert _rows(data) == 200_000
    # What people have said since stays; what is missing comes back.
    assert done.put_back == ["alerts/state.json"]
    assert (data / "feedback" / "insights.jsonl").read_text() == "one\ntwo\n"
    # The warehouse that was there is moved aside, whole.
    assert done.set_aside is not None
    with duckdb.connect(str(done.set_aside / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from silver.many").fetchall() == [(10,)]
    assert contents(data / "landing") | contents(data / "published") == others
    assert not (data / ".restoring").exists()


def test_what_a_killed_process_had_committed_is_backed_up(data: Path) -> None:
    code = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); con.execute(\"set checkpoint_threshold = '1GB'\"); "
        "con.execute('create table silver.late as select range as n from range(500)'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(data / "warehouse.duckdb")], check=False)
    assert (data / "warehouse.duckdb.wal").exists()
    made = back_up(data)
    (data / "warehouse.duckdb").write_bytes(b"")
    restore(data, made.folder)
    assert _rows(data, "silver.late") == 500


@pytest.mark.parametrize("harm", ["shorter", "other", "missing", "manifest", "no_manifest"])
def test_a_damaged_back_up_touches_nothing(data: Path, harm: str) -> None:
    made = back_up(data)
    copy, manifest = made.folder / "warehouse.duckdb", made.folder / "manifest.json"
    if harm == "shorter":
        os.truncate(copy, copy.stat().st_size - 1)
    elif harm == "other":
        content = bytearray(copy.read_bytes())
        content[len(content) // 2] ^= 1
        copy.write_bytes(content)
    elif harm == "missing":
        copy.unlink()
    elif harm == "manifest":
        manifest.write_text(manifest.read_text()[:50])
    else:
        manifest.unlink()
    before = contents(data)
    with pytest.raises(OperationError, match="is damaged|is no back-up"):
        restore(data, made.folder)
    assert contents(data) == before


def test_a_back_up_that_dies_is_none(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = back_up(data)

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_read_through", die)
        with pytest.raises(KeyboardInterrupt):
            back_up(data)
    # A process that is killed cannot even clear up after itself.
    (data / "backups" / ".20260101T000000-000000").mkdir()
    assert [backup.folder for backup in list_backups(data / "backups")] == [first.folder]
    second = back_up(data)
    assert sorted(path.name for path in (data / "backups").iterdir()) == [first.backup_id, second.backup_id]


def test_the_last_ones_are_kept_also_if_the_clock_was_set_back(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "retention", lambda: module_retention(backups=2))
    ids = [back_up(data).backup_id for _ in range(2)]

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2020, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(module, "datetime", Earlier)
    ids.append(back_up(data).backup_id)
    assert ids == sorted(ids)
    assert [backup.backup_id for backup in list_backups(data / "backups")] == ids[-2:]
    assert list_backups(data / "backups")[-1].made_at.startswith("2020")


def module_retention(backups: int) -> object:
    from operations.retention import Retention

    return Retention(log_days=1, run_days=1, backups=backups)


def test_another_folder_and_files_of_the_data_folder_that_are_left_out(data: Path, tmp_path: Path) -> None:
    made = back_up(data, tmp_path / "elsewhere")
    assert made.folder.parent == tmp_path / "elsewhere"
    assert not (data / "backups").exists()
    said = json.loads((made.folder / "manifest.json").read_text())
    assert set(said["files"]) == {"warehouse.duckdb"}
    # Into the data folder itself, under another name: it does not back itself up.
    inside = back_up(data, data / "mine")
    assert set(back_up(data, data / "mine").files) == set(inside.files) == {"warehouse.duckdb"}


def test_old_logs_go_and_the_newest_stay(tmp_path: Path) -> None:
    logs = [tmp_path / f"{number}.jsonl" for number in range(6)]
    for number, path in enumerate(logs):
        path.touch()
        written = time.time() + (40 if number == 5 else -40 - number) * 86_400
        os.utime(path, (written, written))
    assert remove_old(logs, days=30, at_least=3) == [logs[2], logs[3], logs[4]]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["0.jsonl", "1.jsonl", "5.jsonl"]
    assert keep_newest([], 3) == []
