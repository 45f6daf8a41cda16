"""Opens the release that is out, for those who make something of it: what they read is of one release, whatever is published meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.quoting import sql_literal


class NoReleaseError(Exception):
    """There is no release that can be read; the message says why and what to do."""


@dataclass(frozen=True)
class OpenRelease:
    """A release that is open for reading.

    Attributes:
        con: a connection to its marts, read-only.
        release_id: its id.
        as_of: the moment its numbers speak for, UTC.
        notes: what its `release.json` says.
    """

    con: duckdb.DuckDBPyConnection
    release_id: str
    as_of: datetime
    notes: dict[str, Any]

    def has(self, table: str) -> bool:
        """Whether it holds a table (schema.table)."""
        schema, name = table.split(".")
        found = self.con.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
        ).fetchall()
        return bool(found)

    def require(self, tables: tuple[str, ...]) -> None:
        """Raises NoReleaseError unless it holds all `tables` (schema.table)."""
        missing = [table for table in tables if not self.has(table)]
        if missing:
            raise NoReleaseError(
                f"The release {self.release_id} is older than this version and holds no {', '.join(missing)}; "
                "run `customer-analytics run` first."
            )


def connect(marts: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the file of a release, `published/marts.duckdb` or one below `published/releases/`, read-only.

    Its views find their files whether paths in them are absolute or not. Raises duckdb.Error if it cannot be opened.
    """
    marts = marts.resolve()
    con = duckdb.connect(str(marts), read_only=True)
    stand_in(con, marts.parents[2])
    return con


def stand_in(con: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Have relative paths in the views of releases begin at the published folder (RELEASE_ROOT=relative); absolute ones stay what they are."""
    con.execute(f"set file_search_path = {sql_literal(str(published.resolve()))}")


@contextmanager
def attached(con: duckdb.DuckDBPyConnection, published: Path) -> Iterator[str]:
    """Attach the release that is out beside what a connection has open, read-only; gives the name it has there.

    Raises OSError if there is none, duckdb.Error if it cannot be read.
    """
    marts = (published / "marts.duckdb").resolve(strict=True)
    stand_in(con, published)
    try:
        con.execute(f"attach {sql_literal(str(marts))} as released (read_only)")
        try:
            yield "released"
        finally:
            con.execute("detach released")
    finally:
        # Whatever else the connection reads may be named from where the process stands.
        con.execute("reset file_search_path")


@contextmanager
def open_release(data_dir: Path) -> Iterator[OpenRelease]:
    """The release of a data folder that is out at this moment. Raises NoReleaseError if there is none or it cannot be read."""
    marts = data_dir / "published" / "marts.duckdb"
    if not marts.exists():
        raise NoReleaseError(f"There is no release in {data_dir}; run `customer-analytics run` first.")
    # The links change hands with the next release; the file they lead to does not.
    marts = marts.resolve()
    try:
        notes = json.loads((marts.parent / "release.json").read_text())
        con = connect(marts)
    except (OSError, ValueError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        raise NoReleaseError(
            f"The release in {data_dir} cannot be read: {reason}; run `customer-analytics publish`."
        ) from error
    with con:
        yield OpenRelease(con, notes["release_id"], datetime.fromisoformat(notes["as_of"]), notes)
