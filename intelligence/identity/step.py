"""The matching step on a warehouse, whoever starts it: the command line or Dagster. What it reads and where its links lie is said here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from intelligence.identity.matching import MatchReport, Sources, match

#: Tables the step reads. They are built before it; what reads its links is built after it.
RECORDS = "silver.source_records"
IDENTIFIERS = "silver.matching_identifiers"
NICKNAMES = "reference.nicknames"
READS = (RECORDS, IDENTIFIERS, NICKNAMES)
#: Schema of all it keeps, and the tables of it that models read.
SCHEMA = "identity"
WRITES = ("identity.probabilistic_links", "identity.models")


class StepError(Exception):
    """The step was not done and the links are those of before; the message says why and what to do."""


class WarehouseInUseError(StepError):
    """Another process has the warehouse open."""


def match_warehouse(
    warehouse: Path, *, retrain: bool = False, progress: Callable[[str], None] | None = None
) -> MatchReport:
    """Bring the links of a warehouse up to date with its records. Nobody else may have it open.

    Raises StepError if that cannot be done; the links that are there stay then.
    """
    with _open(warehouse) as con:
        missing = [table for table in READS if not _is_there(con, table)]
        if missing:
            raise StepError(f"There is no {', '.join(missing)} to match; run `customer-analytics run` first.")
        try:
            return match(con, Sources(RECORDS, IDENTIFIERS, NICKNAMES), SCHEMA, retrain=retrain, progress=progress)
        except Exception as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise StepError(
                f"The matching step failed: {said}. The links it found earlier are as they were."
            ) from error


def links_by_zone(warehouse: Path, automatic: float, review: float) -> tuple[int, int]:
    """Links that join records without anybody being asked, and links that wait for somebody, at these probabilities."""
    with _open(warehouse) as con:
        found = con.execute(
            f"select count(*) filter (where match_probability >= ?), count(*) filter (where match_probability >= ?) from {WRITES[0]}",
            [automatic, review],
        ).fetchall()
    return found[0][0], found[0][1] - found[0][0]


def _open(warehouse: Path) -> duckdb.DuckDBPyConnection:
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


def _is_there(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, name = table.split(".")
    found = con.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
    ).fetchall()
    return bool(found[0][0])
