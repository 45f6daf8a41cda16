"""What a run says of checks that warned, and of decisions that have no effect."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape

from command_line.explain_person import counted, rows, tables

DECISIONS = "silver.identity_decisions_without_effect"
SHOWN_CHECKS = 10


def print_warnings(console: Console, data_dir: Path, warnings: Sequence[str]) -> None:
    """One line for each check that warned, and one for each kind of decision without effect. Nothing where there are none."""
    for warning in warnings[:SHOWN_CHECKS]:
        console.print(f"warned: {escape(warning)}", soft_wrap=True)
    if len(warnings) > SHOWN_CHECKS:
        console.print(f"… and {len(warnings) - SHOWN_CHECKS} more: `customer-analytics status` names them")
    for sentence in decisions_without_effect(data_dir / "warehouse.duckdb"):
        console.print(escape(sentence), soft_wrap=True)


def decisions_without_effect(warehouse: Path) -> list[str]:
    """A sentence for each kind of line in seeds/identity_decisions.csv that has no effect, the mistakes first."""
    if not warehouse.exists():
        return []
    with duckdb.connect(str(warehouse), read_only=True) as con:
        if DECISIONS not in tables(con):
            return []
        found = rows(
            con,
            f"select * from {DECISIONS} order by problem in ('overruled', 'repeated'), problem, decided_at, record_key_a, record_key_b",
        )
    said = []
    for problem in dict.fromkeys(row["problem"] for row in found):
        lines = [row for row in found if row["problem"] == problem]
        one = lines[0]
        said.append(
            f"seeds/identity_decisions.csv: {counted(len(lines), 'line')} {'has' if len(lines) == 1 else 'have'} no effect"
            f"{':' if len(lines) == 1 else ', such as'} {one['decision']} {one['record_key_a']}, {one['record_key_b']} ({one['explanation']})"
        )
    return said
