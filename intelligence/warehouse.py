"""What every Python step on a warehouse has in common: it opens it alone, reads tables, replaces its own, and fails with one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import duckdb

from operations.faults import kind_of, sentence_of

if TYPE_CHECKING:
    import pandas as pd


class StepError(Exception):
    """The step was not done and what it keeps is as before; the message says why and what to do."""


class WarehouseInUseError(StepError):
    """Another process has the warehouse open."""


def open_warehouse(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """A connection that may write. Raises StepError if there is no warehouse, or it cannot be opened."""
    if not warehouse.exists():
        raise StepError(f"There is no {warehouse}; run `customer-analytics run` first.")
    try:
        con = duckdb.connect(str(warehouse))
    except duckdb.Error as error:
        if kind_of(error) == "in_use":
            raise WarehouseInUseError(
                "Another process has the warehouse open (a build, or a shell with warehouse.duckdb): end it and run again."
            ) from error
        said = sentence_of(error, warehouse.parent) or f"{warehouse} cannot be opened: {str(error).splitlines()[0]}"
        raise StepError(said) from error
    con.execute("set timezone = 'UTC'")
    return con


def require_tables(con: duckdb.DuckDBPyConnection, tables: tuple[str, ...], purpose: str) -> None:
    """Raises StepError unless all `tables` (schema.table) are there; `purpose` ends the sentence 'There is no X to …'."""
    there = {
        f"{schema}.{name}"
        for schema, name in con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    }
    missing = [table for table in tables if table not in there]
    if missing:
        raise StepError(f"There is no {', '.join(missing)} to {purpose}; run `customer-analytics run` first.")


def first_line(error: Exception) -> str:
    """What an error says, for the middle of a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


@dataclass
class StepReport:
    """What a run of a step did.

    Attributes:
        sentence: what came of it, in a line for whoever watches; empty if there is nothing to say.
        figures: the same in figures, by name.
        page: the page it wrote, if any.
        seconds: time it took.
    """

    sentence: str = ""
    figures: dict[str, int | float | str] = field(default_factory=dict)
    page: Path | None = None
    seconds: float = 0.0


Report = TypeVar("Report", bound=StepReport)


@dataclass(frozen=True)
class Step(Generic[Report]):
    """A Python step between parts of dbt: what it reads is built before it, what reads its tables after it.

    Attributes:
        name: what it is called, as in 'The churn step failed'.
        asset: what Dagster calls it.
        description: what it does, in a line.
        purpose: ends the sentence 'There is no X to …'.
        reads: tables (schema.table) that it reads.
        schema: where its own tables lie.
        tables: their columns with types, by name.
        work: does it: connection, data folder, whether to learn anew, and whom to tell what it is doing. It changes its tables in one
            transaction.
    """

    name: str
    asset: str
    description: str
    purpose: str
    reads: tuple[str, ...]
    schema: str
    tables: Mapping[str, str]
    work: Callable[[duckdb.DuckDBPyConnection, Path, bool, Callable[[str], None]], Report]

    @property
    def writes(self) -> tuple[str, ...]:
        """The tables it writes, as schema.table."""
        return tuple(f"{self.schema}.{table}" for table in self.tables)

    def run(self, warehouse: Path, *, retrain: bool = False, progress: Callable[[str], None] | None = None) -> Report:
        """Do it on a warehouse that nobody else has open.

        Args:
            warehouse: the file.
            retrain: forget what was learnt and learn anew, as a rebuild does.
            progress: is told what the step is doing.

        Raises:
            StepError: it cannot be done; the results that are there stay then.
        """
        began = time.perf_counter()
        with open_warehouse(warehouse) as con:
            require_tables(con, self.reads, self.purpose)
            try:
                create_tables(con, self.schema, self.tables)
                report = self.work(con, warehouse.parent, retrain, progress or (lambda words: None))
            except Exception as error:
                raise StepError(
                    f"The {self.name} step failed: {first_line(error)}. The results it found earlier are as they were."
                ) from error
        report.seconds = time.perf_counter() - began
        return report


def create_tables(con: duckdb.DuckDBPyConnection, schema: str, tables: Mapping[str, str]) -> None:
    """Make the tables of a step where they are missing, empty, and the columns that a table of an older version lacks."""
    con.execute(f"create schema if not exists {schema}")
    known = {
        (table, column)
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = ? and database_name = current_database()",
            [schema],
        ).fetchall()
    }
    older = {table for table, _ in known}
    for table, columns in tables.items():
        con.execute(f"create table if not exists {schema}.{table} ({columns})")
        if table in older:
            con.execute(f"create or replace temp table as_it_is_now ({columns})")
            for column, kind, *_ in con.execute("describe as_it_is_now").fetchall():
                if (table, column) not in known:
                    con.execute(f'alter table {schema}.{table} add column "{column}" {kind}')
    con.execute("drop table if exists temp.as_it_is_now")


def replace_rows(con: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame | None, keep: str = "false") -> None:
    """Put `rows` in the place of those of a table (schema.table) that `keep`, a condition in SQL, does not hold for."""
    con.execute(f"delete from {table} where not coalesce({keep}, false)")
    if rows is not None and len(rows):
        con.register("fresh_rows", rows)
        con.execute(f"insert into {table} by name select * from fresh_rows")
        con.unregister("fresh_rows")
