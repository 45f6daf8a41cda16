"""How a Python step opens the warehouse: alone, and with one sentence if it cannot."""

from __future__ import annotations

from pathlib import Path

import duckdb


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
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WarehouseInUseError(
                "Another process has the warehouse open (a build, or a shell with warehouse.duckdb): end it and run again."
            ) from error
        raise StepError(f"{warehouse} cannot be opened: {str(error).splitlines()[0]}") from error
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
