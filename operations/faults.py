"""What goes wrong around the data, in one sentence that says what to do: disk, rights, locks, damaged files."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

WAREHOUSE = "warehouse.duckdb"
#: What the operating system and DuckDB say, by fault. The first that matches counts.
SIGNS = {
    "in_use": re.compile(r"Could not set lock|Conflicting lock", re.IGNORECASE),
    "disk_full": re.compile(
        r"No space left on device|Disk quota exceeded|max_temp_directory_size|failed to offload", re.IGNORECASE
    ),
    "read_only": re.compile(r"Read-only file system", re.IGNORECASE),
    "no_right": re.compile(r"Permission denied|Operation not permitted", re.IGNORECASE),
    "newer_version": re.compile(
        r"database file with version number|storage version .{0,40}(newer|higher|not supported)", re.IGNORECASE
    ),
    "damaged_log": re.compile(r"replaying WAL|Corrupt WAL|WAL does not match", re.IGNORECASE),
    "damaged": re.compile(
        r"Corrupt database file|not a valid DuckDB database|Could not read enough bytes|Failed to deserialize|Serialization Error",
        re.IGNORECASE,
    ),
}
ERRNOS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "no_right",
    errno.EPERM: "no_right",
}
UNTOUCHED = "Landing files are untouched and readers keep the last release."


class OperationError(Exception):
    """Something could not be done, and nothing was lost; the message says why and what to do."""


class WarehouseBusyError(OperationError):
    """Another process has the warehouse open or is building."""


def kind_of(error: BaseException | str) -> str | None:
    """Which of the known faults an error is, or the words of one; None if it is none of them."""
    if isinstance(error, OSError) and error.errno in ERRNOS:
        return ERRNOS[error.errno]
    text = str(error)
    return next((kind for kind, sign in SIGNS.items() if sign.search(text)), None)


def sentence_of(error: BaseException | str, data_dir: Path) -> str | None:
    """What a known fault means for whoever started the command, and what to do; None if it is none of the known ones."""
    kind = kind_of(error)
    if kind is None:
        return None
    text = " ".join(str(error).split())
    file = _file_of(error, text) or data_dir / WAREHOUSE
    if kind == "in_use":
        return f"{_holder(text)} has {file.name} open: end it, or wait until it is done, and run again."
    if kind == "disk_full":
        return (
            f"The disk of {data_dir} is full ({_free(data_dir)} left): free some space (`customer-analytics doctor` says how much is "
            f"needed) and run again. {UNTOUCHED}"
        )
    if kind == "read_only":
        return f"{data_dir} lies on a file system that can only be read: mount it so that it can be written, or name another folder with --data-dir."
    if kind == "no_right":
        return f"This user may not write {_file_of(error, text) or data_dir}: give it the right (chown, chmod), or run as the user who owns it."
    if kind == "newer_version":
        return (
            f"{file} was written by a newer DuckDB than this one ({duckdb.__version__}): go to the version of this project that wrote it "
            f"(git pull && make setup), or restore a back-up of this one (`customer-analytics restore`). {UNTOUCHED}"
        )
    restore = "put the last back-up in its place (`customer-analytics restore`)"
    if kind == "damaged_log":
        log = file if file.name.endswith(".wal") else Path(f"{file}.wal")
        return (
            f"{log} is damaged: {restore}, or move it away (mv {log} {log}.damaged) and run again; what the last run had begun is then done "
            f"again. {UNTOUCHED}"
        )
    if "published" in file.parts:
        return f"{file} is damaged: `customer-analytics publish --anew` makes a new release from the warehouse."
    return (
        f"{file} is damaged: {restore}, or move it away (mkdir {file.parent}/damaged && mv {file}* {file.parent}/damaged/) and run again, which "
        f"builds all anew from the landing files (docs/how-to/operate.md says what that costs). {UNTOUCHED}"
    )


def first_sentence(problems: Iterable[str], data_dir: Path) -> str | None:
    """The sentence for the first of these problems that is a known fault, other than a mere consequence; None if none is."""
    sentences = (sentence_of(problem, data_dir) for problem in problems)
    return next((sentence for sentence in sentences if sentence), None)


def require_usable(warehouse: Path) -> None:
    """Raises OperationError if there is a warehouse that this process cannot read now: in use, damaged, of a newer version, not ours.

    It is opened for reading and closed at once. A file that is not there is fine: the build makes it.
    """
    if not warehouse.exists():
        return
    try:
        duckdb.connect(str(warehouse), read_only=True).close()
    except duckdb.Error as error:
        sentence = sentence_of(error, warehouse.parent)
        # What is not known may well go away: whoever opens it next says it.
        if sentence:
            raised = WarehouseBusyError if kind_of(error) == "in_use" else OperationError
            raise raised(sentence) from error


def require_writable(data_dir: Path) -> None:
    """Make the data folder where it is missing. Raises OperationError if it cannot be written."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        probe = data_dir / f".probe-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
        warehouse = data_dir / WAREHOUSE
        if warehouse.exists():
            with warehouse.open("rb+"):
                pass
    except OSError as error:
        raise OperationError(sentence_of(error, data_dir) or f"{data_dir} cannot be written: {error}.") from error


def process_in_words(pid: int) -> str:
    """What a process is, as far as this machine tells: 'dbt build (process 123, since 2026-11-27 17:02 UTC)'."""
    folder = Path("/proc") / str(pid)
    try:
        words = folder.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
        since = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    except OSError:
        return f"Process {pid}"
    program, arguments = Path(words[0]).name, words[1:]
    if program.startswith("python") and arguments and not arguments[0].startswith("-"):
        # What an interpreter runs says more than the interpreter.
        program, arguments = Path(arguments[0]).name, arguments[1:]
    name = " ".join([program, *arguments]).strip()
    name = f"{name[:40]}…" if len(name) > 40 else name or "A program"
    return f"{name} (process {pid}, since {since:%Y-%m-%d %H:%M} UTC)"


def _holder(text: str) -> str:
    found = re.search(r"\(PID (\d+)\)", text)
    return process_in_words(int(found.group(1))) if found else "Another process"


def _file_of(error: BaseException | str, text: str) -> Path | None:
    if isinstance(error, OSError) and error.filename:
        return Path(str(error.filename))
    found = re.search(r"""["']([^"']*/[^"']+)["']""", text)
    return Path(found.group(1)) if found else None


def _free(folder: Path) -> str:
    try:
        return size_in_words(shutil.disk_usage(folder).free)
    except OSError:
        return "an unknown amount"


def size_in_words(size: float) -> str:
    """Bytes as people read them: 1.4 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
