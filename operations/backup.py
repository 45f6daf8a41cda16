"""Back-ups of what no landing file can bring back as it was: the warehouse with its register and history, and what people said.

A back-up is a folder with a manifest: the closed warehouse file, copied while nobody can write it, and all else that lies in the data
folder and is neither landed, published, a log nor a back-up. It has its name only when it is whole and has been read through.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from operations.clock import next_name
from operations.faults import WAREHOUSE, OperationError, kind_of, require_usable, sentence_of, size_in_words
from operations.logs import LOGS
from operations.retention import keep_newest, retention

BACKUPS = "backups"
SET_ASIDE = "set_aside"
MANIFEST = "manifest.json"
#: Folders and files of the data folder that a back-up leaves out: they are kept elsewhere, or say nothing that could be lost.
LEFT_OUT = ("landing", "truth", "published", BACKUPS, SET_ASIDE, LOGS, "last_run.json")
CHUNK = 8 * 1024 * 1024


@dataclass(frozen=True)
class Backup:
    """What manifest.json of a back-up says."""

    backup_id: str
    made_at: str
    duckdb_version: str
    load_id: int | None
    #: Path in the back-up: size in bytes and sha256.
    files: dict[str, dict[str, Any]]
    #: Table (schema.table): rows.
    row_counts: dict[str, int]
    folder: Path = field(compare=False, default=Path())

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(int(file["size_bytes"]) for file in self.files.values())


def back_up(data_dir: Path, to: Path | None = None) -> Backup:
    """Copy the warehouse and what people said to a new folder, and remove back-ups beyond keep_backups.

    The caller holds the data folder (see `operations.runs.one_run`).

    Args:
        data_dir: the data folder.
        to: folder of back-ups; backups/ of the data folder if none is named.

    Raises:
        OperationError: there is nothing to back up, somebody has the warehouse open, it is damaged, or the disk does not take the copy.
    """
    warehouse = data_dir / WAREHOUSE
    if not warehouse.exists():
        raise OperationError(f"There is no {warehouse} to back up; run `customer-analytics run` first.")
    target = to or data_dir / BACKUPS
    made_at = datetime.now(UTC)
    backup_id = next_name(target, made_at)
    unfinished = target / f".{backup_id}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for leftover in target.glob(".2*"):
            shutil.rmtree(leftover, ignore_errors=True)
        others = list(_others(data_dir, target))
        needed = warehouse.stat().st_size + sum(path.stat().st_size for path in others)
        free = shutil.disk_usage(target).free
        if free < needed:
            raise OperationError(
                f"A back-up needs {size_in_words(needed)}, and {target} has {size_in_words(free)} left: free some space, or name another "
                "folder with --to."
            )
        unfinished.mkdir()
        files = {}
        with _closed_for_writing(warehouse) as con:
            row_counts, load_id = _row_counts(con), _load_id(con)
            # Last: a process loses its lock on a file as soon as it closes that file anywhere.
            files[WAREHOUSE] = _copy(warehouse, unfinished / WAREHOUSE)
        _read_through(unfinished / WAREHOUSE, row_counts)
        for path in others:
            name = str(path.relative_to(data_dir))
            (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
            files[name] = _copy(path, unfinished / name)
        made = Backup(
            backup_id,
            made_at.isoformat(timespec="seconds"),
            duckdb.__version__,
            load_id,
            files,
            row_counts,
            target / backup_id,
        )
        note = {name: value for name, value in asdict(made).items() if name != "folder"}
        _write(unfinished / MANIFEST, json.dumps(note, indent=2) + "\n")
        unfinished.rename(made.folder)
        _settle(target)
    except (OSError, duckdb.Error) as error:
        raise OperationError(
            f"No back-up was made. {sentence_of(error, data_dir) or str(error).splitlines()[0]}"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    keep_newest((backup.folder for backup in list_backups(target)), retention().backups)
    return made


def list_backups(folder: Path) -> list[Backup]:
    """The whole back-ups of a folder, oldest first."""
    found = []
    for path in sorted(folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []:
        try:
            found.append(read_manifest(path.parent))
        except OperationError:
            continue
    return found


def read_manifest(folder: Path) -> Backup:
    """What a back-up says of itself. Raises OperationError if the folder is none."""
    path = folder / MANIFEST
    try:
        return Backup(**json.loads(path.read_text()), folder=folder)
    except (OSError, ValueError, TypeError) as error:
        raise OperationError(
            f"{folder} is no back-up: its {MANIFEST} is missing or cannot be read; `customer-analytics backup --list` shows those there are."
        ) from error


@dataclass(frozen=True)
class Restored:
    """What a restoration did: the back-up that is in place, where the former warehouse lies, and other files that were put back."""

    backup: Backup
    set_aside: Path | None
    put_back: list[str]


def restore(data_dir: Path, folder: Path) -> Restored:
    """Put the warehouse of a back-up in place of the present one, which is moved aside; other files only where they are missing.

    Nothing is touched before every file of the back-up has been compared with its manifest. The caller holds the data folder.

    Raises:
        OperationError: it is no back-up or a damaged one, somebody has the present warehouse open, or the disk does not take it.
    """
    backup = read_manifest(folder)
    wrong = [name for name, said in backup.files.items() if not _agrees(folder / name, said)]
    if wrong or WAREHOUSE not in backup.files:
        raise OperationError(
            f"{folder} is damaged ({', '.join(wrong) or WAREHOUSE} does not agree with its {MANIFEST}); nothing was touched. Take another one: "
            "`customer-analytics backup --list` shows those there are."
        )
    require_usable(folder / WAREHOUSE)
    warehouse = data_dir / WAREHOUSE
    fresh = data_dir / ".restoring"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        if _copy(folder / WAREHOUSE, fresh / WAREHOUSE)["sha256"] != backup.files[WAREHOUSE]["sha256"]:
            raise OperationError(
                f"The copy of {folder / WAREHOUSE} is not what was read; nothing was touched. Run again, and check the disk."
            )
        with _nobody_writes(warehouse):
            aside = _move_aside(data_dir)
            os.replace(fresh / WAREHOUSE, warehouse)
            _settle(data_dir)
        put_back = []
        for name in backup.files:
            if not (data_dir / name).exists():
                (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
                _copy(folder / name, fresh / "other")
                os.replace(fresh / "other", data_dir / name)
                put_back.append(name)
    except OSError as error:
        raise OperationError(f"{sentence_of(error, data_dir) or error} {_where_it_is(data_dir)}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Restored(backup, aside, put_back)


def _where_it_is(data_dir: Path) -> str:
    if (data_dir / WAREHOUSE).exists():
        return "The warehouse is there."
    return f"The former warehouse lies in {data_dir / SET_ASIDE}; restore again, or move it back."


def _move_aside(data_dir: Path) -> Path | None:
    """Move the warehouse and its log, if there are any, to a folder of their own; the log first, without which the file is still whole."""
    there = [path for path in (data_dir / f"{WAREHOUSE}.wal", data_dir / WAREHOUSE) if path.exists()]
    if not there:
        return None
    aside = data_dir / SET_ASIDE / next_name(data_dir / SET_ASIDE, datetime.now(UTC))
    aside.mkdir(parents=True)
    for path in there:
        os.replace(path, aside / path.name)
    return aside


@contextmanager
def _nobody_writes(warehouse: Path) -> Iterator[None]:
    """Hold the warehouse for reading. A damaged one is no hindrance: it is about to be replaced.

    Raises OperationError if another process has it open for writing.
    """
    held = None
    try:
        held = duckdb.connect(str(warehouse), read_only=True) if warehouse.exists() else None
    except duckdb.Error as error:
        if kind_of(error) == "in_use":
            raise OperationError(f"Nothing was touched. {sentence_of(error, warehouse.parent)}") from error
    try:
        yield
    finally:
        if held:
            held.close()


@contextmanager
def _closed_for_writing(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Everything is in the file and nobody can write it: a connection that may only read holds it."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute("checkpoint")
    with duckdb.connect(str(warehouse), read_only=True) as con:
        if Path(f"{warehouse}.wal").exists():
            raise OperationError(f"Another process has just written {warehouse}: run again when it is done.")
        yield con


def _others(data_dir: Path, target: Path) -> Iterator[Path]:
    for entry in sorted(data_dir.iterdir()):
        if entry.name in LEFT_OUT or entry.name.startswith((".", WAREHOUSE)) or entry == target.resolve():
            continue
        for path in [entry] if entry.is_file() else sorted(entry.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.is_relative_to(target.resolve()):
                yield path


def _copy(source: Path, target: Path) -> dict[str, Any]:
    """Copy a file down to the disk; gives its size and sha256 as they were read."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    return {"size_bytes": size, "sha256": digest.hexdigest()}


def _agrees(path: Path, said: dict[str, Any]) -> bool:
    try:
        if path.stat().st_size != said["size_bytes"]:
            return False
        with path.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() == said["sha256"])
    except OSError:
        return False


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        f'"{schema}"."{table}"'
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary order by all"
        ).fetchall()
    ]


def _row_counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {
        table.replace('"', ""): con.execute(f"select count(*) from {table}").fetchall()[0][0] for table in _tables(con)
    }


def _read_through(copy: Path, expected: dict[str, int]) -> None:
    """Read every value of a copy: a damaged warehouse must not push good back-ups out."""
    with duckdb.connect(str(copy), read_only=True) as con:
        for table in _tables(con):
            count, _ = con.execute(f"select count(*), bit_xor(hash(read)) from {table} as read").fetchall()[0]
            if count != expected.get(table.replace('"', "")):
                raise OperationError(
                    f"No back-up was made: the copy of {table} has not the rows of the warehouse. Run again, and check the disk."
                )


def _load_id(con: duckdb.DuckDBPyConnection) -> int | None:
    if not con.execute(
        "select count(*) from duckdb_tables() where schema_name = 'landing' and table_name = 'files'"
    ).fetchall()[0][0]:
        return None
    last: int | None = con.execute("select max(load_id) from landing.files").fetchall()[0][0]
    return last


def _write(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Have the names in a folder on the disk, as far as the file system does that."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
