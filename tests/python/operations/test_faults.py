"""A fault gets one sentence that says what to do; landing files are never touched and readers keep the last release."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from command_line.console import errors
from command_line.main import app
from operations.faults import OperationError, WarehouseBusyError, kind_of, require_usable, require_writable, sentence_of
from operations.run_lock import LOCK, holder, run_lock
from operations.runs import one_run
from publishing.release import Checks, PublishError, publish
from tests.python.operations.conftest import DAMAGES, contents

WRITING = ("run", "publish", "match", "backup", "restore")
HOLD = "import duckdb, sys, time; con = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
LOCK_IT = """
import sys, time
from pathlib import Path
from operations.run_lock import run_lock
with run_lock(Path(sys.argv[1]), "customer-analytics run"):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_width", 400)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def child() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def begin(child: list[subprocess.Popen[str]], code: str, path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    child.append(process)
    assert process.stdout is not None and process.stdout.readline()
    return process


@pytest.mark.parametrize(
    ("damage", "command"),
    [
        *((name, "run") for name in DAMAGES if name != "middle"),
        *(("empty", name) for name in ("publish", "match", "backup")),
    ],
)
def test_a_damaged_warehouse(data: Path, wide: None, damage: str, command: str) -> None:
    DAMAGES[damage](data / "warehouse.duckdb")
    before = contents(data / "landing") | contents(data / "published")
    warehouse = contents(data)["warehouse.duckdb"]
    result = run(command, "--data-dir", data)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    for words in ("is damaged", "customer-analytics restore", "readers keep the last release"):
        assert words in result.stderr
    assert contents(data / "landing") | contents(data / "published") == before
    assert contents(data)["warehouse.duckdb"] == warehouse
    # What the sentence says to do helps: moved away, the file is no hindrance any more.
    aside = data / "damaged"
    aside.mkdir()
    for path in data.glob("warehouse.duckdb.wal" if damage == "log" else "warehouse.duckdb*"):
        path.rename(aside / path.name)
    require_usable(data / "warehouse.duckdb")


def test_a_warehouse_damaged_where_only_reading_finds_it_is_not_backed_up(data: Path, wide: None) -> None:
    assert run("backup", "--data-dir", data).exit_code == 0
    DAMAGES["middle"](data / "warehouse.duckdb")
    result = run("backup", "--data-dir", data)
    assert result.exit_code == 1
    assert "No back-up was made" in result.stderr and "is damaged" in result.stderr
    assert [path.name[0] for path in (data / "backups").iterdir()] == ["2"]


def test_a_run_that_cannot_begin_is_told_by_status(data: Path, wide: None) -> None:
    DAMAGES["truncated"](data / "warehouse.duckdb")
    run("run", "--data-dir", data)
    status = run("status", "--data-dir", data)
    assert status.exit_code == 1
    assert "published nothing" in status.stdout and "is damaged" in status.stdout


def test_a_warehouse_of_a_newer_version() -> None:
    said = "Trying to read a database file with version number 99, but we can only read versions between 64 and 68."
    sentence = sentence_of(duckdb.IOException(f'IO Error: "/data/warehouse.duckdb": {said}'), Path("/data"))
    assert sentence is not None and "newer DuckDB" in sentence and "make setup" in sentence


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EROFS, "read_only"),
        (errno.EACCES, "no_right"),
        (errno.EPERM, "no_right"),
        (errno.ENOENT, None),
    ],
)
def test_what_the_operating_system_says(number: int, kind: str | None) -> None:
    error = OSError(number, os.strerror(number), "/data/x")
    assert kind_of(error) == kind
    # DuckDB passes the same words on.
    assert kind_of(duckdb.IOException(f'IO Error: Could not write file "/data/x": {os.strerror(number)}')) == kind
    assert (sentence_of(error, Path("/data")) is None) == (kind is None)


def test_somebody_has_the_warehouse_open(data: Path, wide: None, child: list[subprocess.Popen[str]]) -> None:
    run("backup", "--data-dir", data)
    process = begin(child, HOLD, data / "warehouse.duckdb")
    before = contents(data / "published")
    for command in WRITING:
        result = run(command, "--data-dir", data)
        assert result.exit_code == 1
        assert f"process {process.pid}" in result.stderr and "open" in result.stderr
    assert contents(data / "published") == before


def test_two_commands_at_once(data: Path, wide: None, child: list[subprocess.Popen[str]]) -> None:
    run("backup", "--data-dir", data)
    process = begin(child, LOCK_IT, data)
    for command in WRITING:
        result = run(command, "--data-dir", data)
        assert result.exit_code == 1
        assert f"`customer-analytics run` is at work in {data} (process {process.pid}, since " in result.stderr
    at_work = holder(data)
    assert at_work is not None and at_work["pid"] == process.pid
    assert "at work    customer-analytics run" in run("status", "--data-dir", data).stdout
    # A kill leaves no lock behind.
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert holder(data) is None
    with run_lock(data, "backup"):
        pass


def test_a_command_that_waits_gets_its_turn(data: Path, child: list[subprocess.Popen[str]]) -> None:
    process = begin(child, LOCK_IT, data)
    with pytest.raises(WarehouseBusyError), run_lock(data, "backup", wait_seconds=0.3):
        pass
    subprocess.Popen(["sh", "-c", f"sleep 1; kill -9 {process.pid}"])
    began = time.monotonic()
    with run_lock(data, "backup", wait_seconds=30):
        assert time.monotonic() - began < 10
    assert (data / LOCK).read_bytes() == b""


def test_what_nobody_expected_is_one_sentence_with_the_log_that_has_the_rest(data: Path) -> None:
    def fail() -> None:
        with one_run(data, "run") as under_way:
            under_way.log.info("counting", step="count", rows=3)
            raise ZeroDivisionError("division by zero")

    with pytest.raises(
        OperationError, match=r"met what it did not expect \(ZeroDivisionError: division by zero\)"
    ) as told:
        fail()
    (log,) = (data / "logs").glob("*.jsonl")
    assert str(log) in str(told.value)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["message"] for line in lines] == ["began", "counting", "division by zero"]
    assert all({"time", "level", "run_id", "command", "message"} <= line.keys() for line in lines)
    assert (lines[1]["step"], lines[1]["rows"], lines[1]["run_id"]) == ("count", 3, log.stem)
    assert "Traceback" in lines[2]["exception"] and "ZeroDivisionError" in lines[2]["exception"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here, which takes root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def _move(data: Path, disk: Path) -> Path:
    subprocess.run(["cp", "-a", str(data), str(disk)], check=True)
    return disk / data.name


def test_a_full_disk(data: Path, small_disk: Path, wide: None) -> None:
    data = _move(data, small_disk)
    before = contents(data / "landing") | contents(data / "published")
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        for _ in range(2_000):
            file.write(bytes(65536))
    for command in ("run", "backup", "match", "publish"):
        result = run(command, "--data-dir", data)
        assert result.exit_code == 1
        assert "free some space" in result.stderr, (command, result.stderr)
        assert result.stderr.count("\n") == 1
    with pytest.raises(PublishError, match="Readers keep the last release"):
        publish(data, Checks(passed=1))
    assert contents(data / "landing") | contents(data / "published") == before
    filler.unlink()
    assert run("backup", "--data-dir", data).exit_code == 0
    publish(data, Checks(passed=1))


def test_a_folder_that_can_only_be_read(data: Path, small_disk: Path, wide: None) -> None:
    data = _move(data, small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before = contents(data)
    for command in ("run", "publish", "match", "backup"):
        result = run(command, "--data-dir", data)
        assert result.exit_code == 1
        assert "mount it so that it can be written" in result.stderr
        assert result.stderr.count("\n") == 1
    assert run("doctor", "--data-dir", data).exit_code == 1
    assert "tables" in run("status", "--data-dir", data).stdout
    assert contents(data) == before


def test_a_right_that_is_missing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root nothing is forbidden, so the refusal is played."""

    def refuse(path: Path, *arguments: object, **named: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OperationError, match="give it the right"):
        require_writable(data)
