"""The DuckDB session that makes the big tables: loading arrays, and random draws that do not hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

from simulator.settings import Array, Settings


def open_session(settings: Settings, spill: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory session with the draw macros of this seed; spills to the folder `spill`.

    Macros:
        mix(key, n): a further 64-bit key from a key and a whole number.
        draw(key, name): a number in [0, 1) for one attribute of what the key stands for. The key is hashed before and
            after the name goes in: a plain two-argument hash gives correlated draws for different names.
        moment(day, seconds): timestamp of a day number and seconds after its midnight.
    """
    session = duckdb.connect(":memory:")
    session.execute(f"set temp_directory = '{_quoted(spill)}'")
    session.execute("set timezone = 'UTC'")
    session.execute("set enable_progress_bar = false")
    base = int(settings.stream("event draws").integers(1, 2**62))
    start_micros = int(np.datetime64(settings.start, "us").astype("int64"))
    session.execute(f"create macro first_key() as {base}::ubigint")
    session.execute("create macro mix(k, n) as hash(xor(hash(hash(k)), hash(hash(n::ubigint))))")
    session.execute(
        "create macro draw(k, name) as (hash(hash(xor(hash(k), hash(name)))) >> 11)::double * 1.1102230246251565e-16"
    )
    session.execute(
        f"create macro moment(day, seconds) as make_timestamp({start_micros} + day::bigint * 86400000000 + (seconds * 1e6)::bigint)"
    )
    return session


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")


def load(session: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Array]) -> None:
    """Make a table of one array a column; None and not-a-time become null."""
    arrow = pa.table(
        {column: pa.array(values, from_pandas=values.dtype == object) for column, values in columns.items()}
    )
    session.register("arriving", arrow)
    session.execute(f'create or replace table "{name}" as select * from arriving')
    session.unregister("arriving")


def count_rows(session: duckdb.DuckDBPyConnection, table: str) -> int:
    """Number of rows of a table."""
    row = session.execute(f"select count(*) from {table}").fetchall()[0]
    return int(row[0])


def sql_list(values: Sequence[str | None]) -> str:
    """An SQL list literal of texts."""
    return "[" + ", ".join("null" if value is None else "'" + value.replace("'", "''") + "'" for value in values) + "]"
