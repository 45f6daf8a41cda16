"""The landing folder: which files lie in it, which of them are new, and a register of what became of each.

Tables (schema `landing` of the warehouse): `files` (one row per version of a file), `unreadable_rows` (lines no reader can make
sense of), `mapped_columns` (what `mappings/` says, as SQL), and one table of text per table of a system.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingestion.contracts import Catalogue, SourceTable, mapped_expression, normalise_name
from ingestion.reading import (
    CANNOT_OPEN,
    FILE_COLUMN,
    LINE_COLUMN,
    FileReader,
    Fingerprint,
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
_MARKERS = re.compile(r"(_data|_export|_part|_?v?\d+|_\d{4}_\d{2}(_\d{2})?)$")


@dataclass
class LoadReport:
    """What one load did: its id (the previous one if nothing was new) and the files it read or set aside."""

    load_id: int
    files_loaded: int = 0
    files_set_aside: int = 0
    rows_landed: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LandedFile:
    """A file in the landing folder and the table it belongs to (None: nothing reads it, `reason` says why)."""

    path: Path
    relative: str
    system: str
    table_name: str
    table: SourceTable | None
    reason: str | None = None


def candidate_names(name: str, system: str) -> Iterator[str]:
    """Names under which a folder or file name may be known: without system prefix, date, part number, `_data`, plural s."""
    plain = normalise_name(name)
    seen: set[str] = set()
    waiting = [plain, plain.removeprefix(f"{system}_")]
    while waiting:
        candidate = waiting.pop(0)
        if not candidate or candidate in seen:
            continue
        seen.add(candidate)
        yield candidate
        shorter = _MARKERS.sub("", candidate)
        waiting += [shorter, shorter.removeprefix(f"{system}_"), candidate.removesuffix("s"), f"{candidate}s"]
        if len(seen) > 40:
            return


def discover(landing_dir: Path, catalogue: Catalogue) -> list[LandedFile]:
    """Every file of the landing folder, in the order of their names, with the table each belongs to."""
    found: list[LandedFile] = []
    if not landing_dir.is_dir():
        return found
    known = (*catalogue.systems, *catalogue.mappings)
    for entry in sorted(landing_dir.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            misplaced = "the file lies outside any system's folder: it belongs into landing/<system>/<table>/"
            found.append(LandedFile(entry, entry.name, "unknown", normalise_name(entry.stem), None, misplaced))
            continue
        system = normalise_name(entry.name)
        for path in _files_below(entry):
            relative = path.relative_to(landing_dir)
            inside = relative.parts[1:]
            name = inside[0] if len(inside) > 1 else inside[0].split(".")[0]
            reason: str | None = None
            table = None
            if system not in known:
                reason = f"no connector or mapping is called '{system}'; known are {', '.join(sorted(set(known)))}"
            elif path.is_dir():
                reason = "a directory where a file should be"
            elif file_format(path) is None:
                reason = f"the ending '{path.suffix}' is none of .csv, .tsv, .jsonl, .ndjson, .json, .parquet (or these with .gz)"
            else:
                table = _table_for(name, system, catalogue)
                if table is None:
                    reason = f"nothing reads a table '{normalise_name(name)}' of '{system}'"
            found.append(
                LandedFile(
                    path, relative.as_posix(), system, table.table if table else normalise_name(name), table, reason
                )
            )
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "mapping.yml":
            continue
        if path.is_dir() and file_format(path) is None:
            yield from _files_below(path)
        else:
            yield path


def _table_for(name: str, system: str, catalogue: Catalogue) -> SourceTable | None:
    tables = [table for table in catalogue.source_tables if table.system == system]
    for candidate in candidate_names(name, system):
        for table in tables:
            if candidate in table.patterns:
                return table
    return None


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
        if not landed.path.is_dir():
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
        # Of fixed width, so that versions sort by name in the order in which they came.
        suffix = f"@{len(versions) + 1:04d}" if versions else ""
        _load_one(
            con, landed, last_file, report, mark, reason, size, modified, landed.relative + suffix, began, replaced
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


def _load_one(
    con: duckdb.DuckDBPyConnection,
    landed: LandedFile,
    file_id: int,
    report: LoadReport,
    mark: Fingerprint | None,
    reason: str | None,
    size: int | None,
    modified: int | None,
    source_file: str,
    loaded_at: datetime,
    replaced: _KnownFile | None,
) -> None:
    relation = landed.table.relation if landed.table else None
    rows, unreadable, columns = 0, 0, ""
    status = "loaded"
    con.begin()
    if reason is None and landed.table is not None and mark is not None:
        kind = file_format(landed.path)
        assert kind is not None
        reader = FileReader(con, f'landing."{relation}"', file_id, landed.table.columns)
        try:
            loaded = reader.load(landed.path, kind, mark)
            rows, unreadable, columns = loaded.rows + loaded.unreadable, loaded.unreadable, ", ".join(loaded.columns)
        except UnreadableFile as error:
            reason = str(error)
            con.rollback()
            con.begin()
    if reason is not None:
        # A file that cannot be read counts as one row, or as its lines if nothing is wrong but that nobody reads it.
        status = "quarantined" if landed.table or mark is None else "not_read"
        rows = unreadable = _countable_rows(landed, mark)
        report.files_set_aside += 1
        report.problems.append(f"{landed.relative}: {reason}")
        columns = _known_columns(landed)
    else:
        report.files_loaded += 1
    report.rows_landed += rows
    if replaced:
        con.execute(f"delete from landing.unreadable_rows where {FILE_COLUMN} = ?", [replaced.file_id])
        con.execute("delete from landing.files where file_id = ?", [replaced.file_id])
        if replaced.relation:
            con.execute(f'delete from landing."{replaced.relation}" where {FILE_COLUMN} = ?', [replaced.file_id])
    con.execute(
        "insert into landing.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            file_id,
            landed.system,
            landed.table_name,
            relation,
            source_file,
            landed.relative,
            size,
            modified,
            mark.sha256 if mark else None,
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


def _known_columns(landed: LandedFile) -> str:
    return ", ".join(landed.table.columns) if landed.table else ""


def _countable_rows(landed: LandedFile, mark: Fingerprint | None) -> int:
    if mark is None or landed.table is not None:
        return 1
    kind = file_format(landed.path)
    if kind == "csv":
        return max(mark.lines - 1, 0)
    return mark.lines if kind == "jsonl" else 1


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
