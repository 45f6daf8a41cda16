"""The matching step on a warehouse, whoever starts it: the command line or Dagster. What it reads and where its links lie is said here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from intelligence.identity.matching import MatchReport, Sources, match
from intelligence.warehouse import StepError, first_line, open_warehouse, require_tables

#: Tables the step reads. They are built before it; what reads its links is built after it.
RECORDS = "silver.source_records"
IDENTIFIERS = "silver.matching_identifiers"
NICKNAMES = "reference.nicknames"
READS = (RECORDS, IDENTIFIERS, NICKNAMES)
#: Schema of all it keeps, and the tables of it that models read.
SCHEMA = "identity"
WRITES = ("identity.probabilistic_links", "identity.models")


def match_warehouse(
    warehouse: Path, *, retrain: bool = False, progress: Callable[[str], None] | None = None
) -> MatchReport:
    """Bring the links of a warehouse up to date with its records. Nobody else may have it open.

    Raises StepError if that cannot be done; the links that are there stay then.
    """
    with open_warehouse(warehouse) as con:
        require_tables(con, READS, "match")
        try:
            return match(con, Sources(RECORDS, IDENTIFIERS, NICKNAMES), SCHEMA, retrain=retrain, progress=progress)
        except Exception as error:
            raise StepError(
                f"The matching step failed: {first_line(error)}. The links it found earlier are as they were."
            ) from error


def links_by_zone(warehouse: Path, automatic: float, review: float) -> tuple[int, int]:
    """Links that join records without anybody being asked, and links that wait for somebody, at these probabilities."""
    with open_warehouse(warehouse) as con:
        found = con.execute(
            f"select count(*) filter (where match_probability >= ?), count(*) filter (where match_probability >= ?) from {WRITES[0]}",
            [automatic, review],
        ).fetchall()
    return found[0][0], found[0][1] - found[0][0]
