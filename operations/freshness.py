"""How fresh what came in is, by domain, beside how often something usually comes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from ingestion.contracts import CONTRACT_SYSTEM, read_contracts

#: Something is overdue if nothing has come for so many times the usual time between two loads, known from at least so many of these.
OVERDUE_TIMES = 2
GAPS_AT_LEAST = 3


@dataclass(frozen=True)
class Freshness:
    """The last load with something of a domain (of the contracts' files) or of a system (with exports of its own).

    Attributes:
        name: domain or system.
        loaded_at: when that was, UTC.
        usual: median time between two loads with something of it; None with fewer than three such times.
        overdue: whether nothing has come for twice as long.
    """

    name: str
    loaded_at: datetime
    usual: timedelta | None
    overdue: bool


def freshness(con: duckdb.DuckDBPyConnection, now: datetime) -> list[Freshness]:
    """What the load ledger of a release (or of a warehouse) says; the longest silence first."""
    domains = {contract.name: contract.domain for contract in read_contracts().values()}
    rows = con.execute(
        "select distinct source_system, source_table, loaded_at from gold.load_ledger where file_status = 'loaded'"
    ).fetchall()
    loads: dict[str, set[datetime]] = {}
    for system, table, loaded_at in rows:
        name = domains.get(table, table) if system == CONTRACT_SYSTEM else system
        loads.setdefault(name, set()).add(loaded_at.replace(tzinfo=UTC))
    found = []
    for name, known in loads.items():
        times = sorted(known)
        gaps = sorted(later - earlier for earlier, later in itertools.pairwise(times))
        usual = gaps[len(gaps) // 2] if len(gaps) >= GAPS_AT_LEAST else None
        found.append(Freshness(name, times[-1], usual, usual is not None and now - times[-1] > OVERDUE_TIMES * usual))
    return sorted(found, key=lambda one: one.loaded_at)
