"""Reads one exported file into a landing table, all values as text, every row with its line.

The fast way is DuckDB's own reader. It is believed only if the number of rows it gave equals the number of lines counted
independently; otherwise the file is read again with care (`careful_csv`), record by record, so that nothing is dropped silently.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb
import pyarrow as pa

from ingestion.careful_csv import MAX_LINE_BYTES, Lines, delimited_records, text_lines
from ingestion.contracts import normalise_name
from ingestion.quoting import sql_literal
from ingestion.sieve import Sieve

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
FILE_COLUMN, LINE_COLUMN = "landed_file_id", "landed_line"
# A record of as many characters as a line may have bytes, each of four bytes, every other one a doubled quote.
LONGEST_SIEVED = 8 * MAX_LINE_BYTES
_CHUNK = 4 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


CANNOT_OPEN = "the file cannot be opened"


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the message says why, for the quarantine."""


@dataclass(frozen=True)
class Fingerprint:
    """What a file holds: SHA-256 and size of its (unpacked) bytes, the lines counted in it, and how it is packed."""

    sha256: str
    bytes: int
    lines: int
    gzipped: bool


@dataclass
class Loaded:
    """What became of a file: rows put into the landing table, rows that could not be read, its columns."""

    rows: int
    unreadable: int
    columns: tuple[str, ...]


def file_format(path: Path) -> str | None:
    """`csv`, `jsonl` or `parquet` by the ending of the name (a final .gz aside), or None."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return FORMATS.get(suffixes[-1]) if suffixes else None


def open_bytes(path: Path, gzipped: bool) -> IO[bytes]:
    """The file's bytes, unpacked."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if gzipped else path.open("rb")


def fingerprint(path: Path) -> Fingerprint:
    """Read the file once: hash it, count its lines, and find out whether it can be read to its end.

    Raises UnreadableFile with the reason if not.
    """
    try:
        with path.open("rb") as raw:
            gzipped = raw.read(2) == _GZIP_MAGIC
        digest, size, lines, last = hashlib.sha256(), 0, 0, b"\n"
        with open_bytes(path, gzipped) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
                last = chunk[-1:]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"the gzip stream is damaged or cut off ({error})") from error
    except OSError as error:
        raise UnreadableFile(f"{CANNOT_OPEN} ({error.strerror or error})") from error
    if size == 0:
        raise UnreadableFile("the file is empty: not even a header")
    return Fingerprint(digest.hexdigest(), size, lines + (last != b"\n"), gzipped)


class FileReader:
    """Puts one file into `relation` (columns of text, plus the file's id and the line) and rejects into `landing.unreadable_rows`.

    `known_columns` are those that somebody reads; a file that has none of them lies about what it is.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, relation: str, file_id: int, known_columns: tuple[str, ...]):
        self._con = con
        self._relation = relation
        self._file_id = file_id
        self._known = known_columns

    def load(self, path: Path, kind: str, mark: Fingerprint) -> Loaded:
        """Load the file within the transaction that the caller has begun (and may find begun anew).

        Raises UnreadableFile if nothing of the file can be used; the caller then rolls back.
        """
        readers: dict[str, Callable[[Path, Fingerprint], Loaded]] = {
            "csv": self._load_csv,
            "jsonl": self._load_jsonl,
            "parquet": self._load_parquet,
        }
        return readers[kind](path, mark)

    # --- CSV -----------------------------------------------------------------------------------------------------

    def _load_csv(self, path: Path, mark: Fingerprint) -> Loaded:
        encoding, delimiter, line_end, columns, header_lines = _csv_header(path, mark)
        self._check_columns(columns)
        expected = mark.lines - header_lines
        if encoding == "utf-8" and header_lines == 1:
            packed = "gzip" if mark.gzipped else "none"
            if self._insert(_csv_scan(path, columns, packed, delimiter, line_end), columns, expected, "place + 1"):
                return Loaded(expected, 0, columns)
        with open_bytes(path, mark.gzipped) as stream, Sieve() as sieve:
            lines = Lines(_as_utf8(stream, encoding), "utf-8")
            sieve.keep_csv(itertools.islice(delimited_records(lines, delimiter, len(columns)), 1, None), columns)
            return self._insert_sieved(
                sieve, _csv_scan(sieve.path, columns, "none", ",", "\\n", LONGEST_SIEVED), columns
            )

    # --- JSON Lines ----------------------------------------------------------------------------------------------

    def _load_jsonl(self, path: Path, mark: Fingerprint) -> Loaded:
        packed = "gzip" if mark.gzipped else "uncompressed"
        columns, scan = self._json_scan(path, packed)
        if columns and self._insert(scan, columns, mark.lines, "place"):
            return Loaded(mark.lines, 0, columns)
        with open_bytes(path, mark.gzipped) as stream, Sieve() as sieve:
            sieve.keep_json(text_lines(Lines(stream, "utf-8")))
            columns, scan = self._json_scan(sieve.path, "uncompressed")
            if not columns:
                raise UnreadableFile("no line of it is a JSON object that can be read")
            return self._insert_sieved(sieve, scan, columns)

    def _json_scan(self, path: Path, packed: str) -> tuple[tuple[str, ...], str]:
        """The columns of a file of JSON objects and a scan of it; no columns if it cannot be read throughout."""
        options = f"format = 'newline_delimited', compression = '{packed}', maximum_object_size = {MAX_LINE_BYTES}"
        objects = f"read_json_objects({sql_literal(_exact(path))}, {options})"
        # Anything but an object on a line gives a key that no object can have.
        keys_of_a_line = "case when json_type(json) = 'OBJECT' then json_keys(json) else [chr(0)] end"
        try:
            found = self._con.execute(
                f"select distinct unnest({keys_of_a_line}) as key from {objects} order by key"
            ).fetchall()
        except duckdb.Error:
            self._begin_anew()
            return (), ""
        keys = [row[0] for row in found]
        if "\0" in keys:
            return (), ""
        columns = tuple(_column_name(key) for key in keys)
        _refuse_twins(columns)
        if columns:
            self._check_columns(columns)
        definition = ", ".join(f"{sql_literal(key)}: 'VARCHAR'" for key in keys)
        renamed = ", ".join(f'{_identifier(key)} as "{name}"' for key, name in zip(keys, columns, strict=True))
        return (
            columns,
            f"(select {renamed} from read_json({sql_literal(_exact(path))}, {options}, columns = {{{definition}}}))",
        )

    # --- shared by both ------------------------------------------------------------------------------------------

    def _insert(self, scan: str, columns: tuple[str, ...], expected: int, line: str) -> bool:
        """Insert what DuckDB reads, and keep it only if it is exactly the number of rows expected.

        `line` is SQL for the line of a row, with `place` the place of the row in the scan, from 1.
        """
        names = ", ".join(f'"{name}"' for name in columns)
        numbered = f"(select row_number() over () as place, {names} from {scan}) as numbered"
        source = f"{numbered} inner join landing_lines using (place)" if "landing_lines" in line else numbered
        self._add_columns(columns)
        try:
            inserted = self._con.execute(
                f"insert into {self._relation} ({FILE_COLUMN}, {LINE_COLUMN}, {names}) "
                f"select {self._file_id}, {line}, {names} from {source}"
            ).fetchall()[0][0]
        except duckdb.Error:
            inserted = None
        if inserted != expected:
            self._begin_anew()
        return bool(inserted == expected)

    def _insert_sieved(self, sieve: Sieve, scan: str, columns: tuple[str, ...]) -> Loaded:
        """Insert the records a sieve let through with the lines it noted, and the others with their reasons."""
        kept = len(sieve.lines)
        if kept:
            places = pa.array(range(1, kept + 1), pa.int64())
            with self._registered(
                "landing_lines", pa.table({"place": places, "line": pa.array(sieve.lines, pa.int64())})
            ):
                if not self._insert(scan, columns, kept, "landing_lines.line"):
                    raise UnreadableFile("its records cannot be told apart reliably; export it again")
        rejects = {
            FILE_COLUMN: pa.array([self._file_id] * len(sieve.rejects), pa.int64()),
            LINE_COLUMN: pa.array([record.line for record in sieve.rejects], pa.int64()),
            "reason": pa.array([record.reason for record in sieve.rejects], pa.string()),
            "raw": pa.array([record.raw for record in sieve.rejects], pa.string()),
        }
        with self._registered("landing_rejects", pa.table(rejects)):
            self._con.execute("insert into landing.unreadable_rows select * from landing_rejects")
        return Loaded(kept, len(sieve.rejects), columns)

    @contextmanager
    def _registered(self, name: str, table: pa.Table) -> Iterator[None]:
        self._con.register(name, table)
        try:
            yield
        finally:
            self._con.unregister(name)

    def _begin_anew(self) -> None:
        self._con.rollback()
        self._con.begin()

    # --- Parquet -------------------------------------------------------------------------------------------------

    def _load_parquet(self, path: Path, mark: Fingerprint) -> Loaded:
        if mark.gzipped:
            raise UnreadableFile("a Parquet file is packed by itself; it must not be gzipped as well")
        scan = f"read_parquet({sql_literal(_exact(path))}, file_row_number = true)"
        try:
            described = self._con.execute(f"describe select * exclude (file_row_number) from {scan}").fetchall()
            names = tuple(_column_name(row[0]) for row in described)
            _refuse_twins(names)
            self._check_columns(names)
            self._add_columns(names)
            values = ", ".join(
                f"cast({'to_json(' if _nested(row[1]) else '('}{_identifier(row[0])}) as varchar)" for row in described
            )
            listed = ", ".join(f'"{name}"' for name in names)
            rows = self._con.execute(
                f"insert into {self._relation} ({FILE_COLUMN}, {LINE_COLUMN}, {listed}) "
                f"select {self._file_id}, file_row_number + 1, {values} from {scan}"
            ).fetchall()[0][0]
        except duckdb.Error as error:
            raise UnreadableFile(f"not readable as Parquet: {str(error).splitlines()[0]}") from error
        return Loaded(rows, 0, names)

    # --- shared --------------------------------------------------------------------------------------------------

    def _check_columns(self, columns: Iterable[str]) -> None:
        found = list(columns)
        if self._known and not set(found) & set(self._known):
            shown = ", ".join(name[:40] for name in found[:8])
            raise UnreadableFile(f"the header names none of the columns this table has; it names {shown}")

    def _add_columns(self, columns: Iterable[str]) -> None:
        present = {row[0] for row in self._con.execute(f"describe {self._relation}").fetchall()}
        for name in columns:
            if name not in present:
                self._con.execute(f'alter table {self._relation} add column "{name}" varchar')


def _csv_header(path: Path, mark: Fingerprint) -> tuple[str, str, str, tuple[str, ...], int]:
    """Encoding, delimiter, line end, column names, and how many lines come before the first record."""
    with open_bytes(path, mark.gzipped) as stream:
        start = stream.read(4)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    with open_bytes(path, mark.gzipped) as stream:
        lines = Lines(_as_utf8(stream, encoding), "utf-8")
        first = lines.next()
        if first is None or first.problem:
            raise UnreadableFile(f"the header cannot be read: {first.problem if first else 'there is none'}")
        line_end = "\\r\\n" if first.text.endswith("\r\n") else "\\n"
        if "\r" in first.text.rstrip("\r\n"):
            raise UnreadableFile("its lines end in a carriage return alone; save it with LF or CRLF line ends")
        delimiter = max(",;\t|", key=first.text.count)
        lines.put_back([first])
        header = next(delimited_records(lines, delimiter), None)
        if header is None or header.fields is None:
            raise UnreadableFile(f"the header cannot be read: {header.reason if header else 'there is none'}")
        follower = lines.next()
        header_lines = (follower.number if follower else mark.lines + 1) - 1
    columns = tuple(
        _column_name(name) if name.strip() else f"column_{place}" for place, name in enumerate(header.fields, 1)
    )
    _refuse_twins(columns)
    return encoding, delimiter, line_end, columns, header_lines


def _refuse_twins(columns: tuple[str, ...]) -> None:
    twins = sorted({name for name in columns if columns.count(name) > 1})
    if twins:
        raise UnreadableFile(f"two columns are called {', '.join(twins)}")


def _column_name(name: str) -> str:
    plain = normalise_name(name)
    return f"{plain}_as_exported" if plain in (FILE_COLUMN, LINE_COLUMN) else plain


def _as_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    if encoding == "utf-8":
        return stream
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    return cast("IO[bytes]", io.BytesIO(text.read().encode("utf-8")))


def _csv_scan(
    path: Path, columns: tuple[str, ...], packed: str, delimiter: str, line_end: str, longest: int = MAX_LINE_BYTES
) -> str:
    definition = ", ".join(f"{sql_literal(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv({sql_literal(_exact(path))}, auto_detect = false, header = true, delim = {sql_literal(delimiter)}, quote = '\"', "
        f"escape = '\"', new_line = {sql_literal(line_end)}, compression = '{packed}', max_line_size = {longest}, "
        f"buffer_size = {max(2 * longest, 16 * MAX_LINE_BYTES)}, columns = {{{definition}}})"
    )


def _nested(data_type: str) -> bool:
    return data_type.endswith("]") or data_type.startswith(("STRUCT", "MAP", "UNION"))


def _exact(path: Path) -> str:
    """The path with the wildcards of DuckDB's file names made literal."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in str(path))


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
