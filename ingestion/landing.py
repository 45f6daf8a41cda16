"""Loads what is new in the landing folder, and keeps a register of what became of every file.

Tables (schema `landing` of the warehouse): `files` (one row per version of a file), `unreadable_rows` (lines no reader can make
sense of), `mapped_columns` (what `mappings/` says, as SQL), and one table of text per table of a system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingestion.contracts import Catalogue, mapped_expression, normalise_name
from ingestion.discovery import LandedFile, discover
from ingestion.reading import (
    CANNOT_OPEN,
    FILE_COLUMN,
    LINE_COLUMN,
    FileReader,
    Fingerprint,
    Loaded,
    UnreadableFile,
    file_format,
    fingerprint,
)

_SCHEMA = f"""
create schema if not exists landing;
create table if not exists landing.files (
    file_id bigint primary key,
    source_system varchar not null,
    source_table varchar not null,
    relation varchar,
    source_file varchar not null unique,
    path varchar not null,
    size_bytes bigint,
    modified_ns bigint,
    sha256 varchar,
    load_id bigint not null,
    loaded_at timestamp not null,
    status varchar not null,
    reason varchar,
    rows_landed bigint not null,
    rows_unreadable bigint not null,
    columns varchar
);
create table if not exists landing.unreadable_rows (
    {FILE_COLUMN} bigint not null, {LINE_COLUMN} bigint, reason varchar not null, raw varchar
);
create table if not exists landing.mapped_columns (
    source_system varchar not null, contract varchar not null, relation varchar not null,
    column_name varchar not null, expression varchar not null
);
"""


@dataclass
class LoadReport:
    """What one load did: its id (the previous one if nothing was new) and the files it read or set aside."""

    load_id: int
    files_loaded: int = 0
    files_set_aside: int = 0
    rows_landed: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def ingest(
    con: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    catalogue: Catalogue,
    progress: Callable[[str], None] | None = None,
) -> LoadReport:
    """Load what is new in the landing folder; a second call over the same files changes nothing.

    Each file is one transaction: a run that dies in the middle leaves whole files only, and the next one goes on from there.
    """
    began = datetime.now(UTC)
    con.execute(_SCHEMA)
    con.execute("set timezone = 'UTC'")
    _prepare_tables(con, catalogue)
    _write_mappings(con, catalogue)
    last_load, last_file = con.execute(
        "select coalesce(max(load_id), 0), coalesce(max(file_id), 0) from landing.files"
    ).fetchall()[0]
    report = LoadReport(load_id=last_load)
    known = _known_files(con)
    for landed in discover(landing_dir, catalogue):
        size, modified = _stat(landed.path)
        versions = known.get(landed.relative, [])
        latest = versions[-1] if versions else None
        if latest and latest.unchanged(landed, size, modified):
            continue
        mark: Fingerprint | None = None
        reason = landed.reason
        # A pipe would never answer; a link that leads nowhere says so when it is opened.
        if landed.path.is_file() or not landed.path.exists():
            try:
                mark = fingerprint(landed.path)
            except UnreadableFile as error:
                reason = reason or str(error)
        same_content = latest is not None and latest.sha256 == (mark.sha256 if mark else None)
        if (
            latest
            and same_content
            and latest.read_as(landed)
            and (latest.status == "loaded" or mark or latest.reason == reason)
        ):
            con.execute(
                "update landing.files set size_bytes = ?, modified_ns = ? where file_id = ?",
                [size, modified, latest.file_id],
            )
            continue
        replaced = None
        if latest and (latest.status != "loaded" or same_content):
            # Nothing of it was taken, or it was taken for another table: this reading takes the place of that one.
            replaced = latest
            versions = versions[:-1]
        last_file += 1
        report.load_id = last_load + 1
        _load_one(
            con, _NewFile(landed, last_file, len(versions) + 1, size, modified, mark, reason, replaced), report, began
        )
        if progress:
            progress(landed.relative)
    report.seconds = (datetime.now(UTC) - began).total_seconds()
    return report


@dataclass(frozen=True)
class _KnownFile:
    file_id: int
    size_bytes: int | None
    modified_ns: int | None
    sha256: str | None
    status: str
    reason: str | None
    relation: str | None
    columns: str

    def read_as(self, landed: LandedFile) -> bool:
        """Whether the catalogue still means by the file what it meant when the file was registered."""
        if self.status == "not_read" or landed.reason:
            return self.reason == landed.reason
        relation = landed.table.relation if landed.table else None
        return self.relation == relation and (self.status == "loaded" or self.columns == _known_columns(landed))

    def unchanged(self, landed: LandedFile, size: int | None, modified: int | None) -> bool:
        """Same size and time and meaning as when it was registered, and no reason to try again."""
        same = (self.size_bytes, self.modified_ns) == (size, modified)
        return same and self.read_as(landed) and not (self.reason or "").startswith(CANNOT_OPEN)


def _known_files(con: duckdb.DuckDBPyConnection) -> dict[str, list[_KnownFile]]:
    rows = con.execute(
        "select path, file_id, size_bytes, modified_ns, sha256, status, reason, relation, columns from landing.files order by file_id"
    ).fetchall()
    known: dict[str, list[_KnownFile]] = {}
    for path, *rest in rows:
        known.setdefault(path, []).append(_KnownFile(*rest))
    return known


def _stat(path: Path) -> tuple[int | None, int | None]:
    try:
        stat = path.stat()
    except OSError:
        return None, None
    return (None, None) if path.is_dir() else (stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True)
class _NewFile:
    """A file that is to be read: `version` counts the contents seen under its name, `reason` says why it is not read after all."""

    landed: LandedFile
    file_id: int
    version: int
    size_bytes: int | None
    modified_ns: int | None
    mark: Fingerprint | None
    reason: str | None
    replaced: _KnownFile | None

    @property
    def source_file(self) -> str:
        # Of fixed width, so that versions sort by name in the order in which they came.
        return self.landed.relative + (f"@{self.version:04d}" if self.version > 1 else "")

    @property
    def relation(self) -> str | None:
        return self.landed.table.relation if self.landed.table else None

    @property
    def countable_rows(self) -> int:
        """Rows that a file counts for which is not read: its lines if nothing is wrong with it but that nobody reads it, else one."""
        if self.mark is None or self.landed.table is not None:
            return 1
        kind = file_format(self.landed.path)
        if kind == "csv":
            return max(self.mark.lines - 1, 0)
        return self.mark.lines if kind == "jsonl" else 1


def _load_one(con: duckdb.DuckDBPyConnection, new: _NewFile, report: LoadReport, loaded_at: datetime) -> None:
    """Read one file and register it, in one transaction."""
    reason = new.reason
    loaded = Loaded(0, 0, ())
    con.begin()
    if reason is None and new.landed.table is not None and new.mark is not None:
        kind = file_format(new.landed.path)
        assert kind is not None
        reader = FileReader(con, f'landing."{new.relation}"', new.file_id, new.landed.table.columns)
        try:
            loaded = reader.load(new.landed.path, kind, new.mark)
        except UnreadableFile as error:
            reason = str(error)
            con.rollback()
            con.begin()
    if reason is None:
        status, rows, unreadable = "loaded", loaded.rows + loaded.unreadable, loaded.unreadable
        columns = ", ".join(loaded.columns)
        report.files_loaded += 1
    else:
        status = "quarantined" if new.landed.table or new.mark is None else "not_read"
        rows = unreadable = new.countable_rows
        columns = _known_columns(new.landed)
        report.files_set_aside += 1
        report.problems.append(f"{new.landed.relative}: {reason}")
    report.rows_landed += rows
    if new.replaced:
        _forget(con, new.replaced)
    con.execute(
        "insert into landing.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            new.file_id,
            new.landed.system,
            new.landed.table_name,
            new.relation,
            new.source_file,
            new.landed.relative,
            new.size_bytes,
            new.modified_ns,
            new.mark.sha256 if new.mark else None,
            report.load_id,
            loaded_at.replace(tzinfo=None),
            status,
            reason,
            rows,
            unreadable,
            columns,
        ],
    )
    con.commit()


def _forget(con: duckdb.DuckDBPyConnection, known: _KnownFile) -> None:
    relations = ["landing.unreadable_rows"] + ([f'landing."{known.relation}"'] if known.relation else [])
    for relation in relations:
        con.execute(f"delete from {relation} where {FILE_COLUMN} = ?", [known.file_id])
    con.execute("delete from landing.files where file_id = ?", [known.file_id])


def _known_columns(landed: LandedFile) -> str:
    return ", ".join(landed.table.columns) if landed.table else ""


def _prepare_tables(con: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Every table that SQL reads exists, with every column it reads, before the first file of it has come."""
    existing: dict[str, set[str]] = {}
    for table, column in con.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'landing' and database_name = current_database()"
    ).fetchall():
        existing.setdefault(table, set()).add(column)
    for source in catalogue.source_tables:
        if source.relation not in existing:
            con.execute(
                f'create table landing."{source.relation}" ({FILE_COLUMN} bigint not null, {LINE_COLUMN} bigint not null)'
            )
        for column in source.columns:
            if column not in existing.get(source.relation, set()):
                con.execute(f'alter table landing."{source.relation}" add column "{column}" varchar')


def _write_mappings(con: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    con.execute("delete from landing.mapped_columns")
    rows = [
        (system, table.contract, f"{system}__{normalise_name(table.files)}", name, mapped_expression(column))
        for system, mapping in catalogue.mappings.items()
        for table in mapping.tables
        for name, column in table.columns.items()
    ]
    if rows:
        con.executemany("insert into landing.mapped_columns values (?, ?, ?, ?, ?)", rows)
