"""The one page that a run prints: what came in and where it went, how the customers are, and what to open next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_ROWS = """
select source_system, count(*) as files, sum(rows_landed), sum(rows_in_bronze), sum(rows_duplicate),
    sum(rows_quarantined), sum(rows_lost)
from gold.load_ledger group by source_system order by source_system
"""
_BANDS = """
select coalesce(health_category, 'not scored'), count(*), sum(monthly_recurring_revenue), avg(churn_risk_score)
from entity.entity_customers where is_active group by 1 order by min(coalesce(health_score, -1)) desc
"""
_REVENUE = """
select month, sum(opening_mrr), sum(new_mrr), sum(expansion_mrr), sum(contraction_mrr), sum(churned_mrr),
    sum(reactivation_mrr), sum(closing_mrr)
from gold.fct_mrr_movements group by month order by month desc limit 3
"""
_AT_RISK = """
select customer_id, customer_name, customer_tier, monthly_recurring_revenue, churn_risk_score, health_score, churn_risk_reasons
from entity.entity_customers where is_active and churn_risk_score is not null
order by churn_risk_score desc, monthly_recurring_revenue desc, customer_id limit 5
"""


def print_page(console: Console, data_dir: Path, release: dict[str, Any]) -> None:
    """Print the page of the release that is out. `release` is the content of `release.json`."""
    marts = data_dir / "published" / "marts.duckdb"
    with duckdb.connect(str(marts), read_only=True) as con:
        parts: list[RenderableType] = [
            _rows_table(con.execute(_ROWS).fetchall()),
            _bands_table(con.execute(_BANDS).fetchall()),
            _revenue_table(con.execute(_REVENUE).fetchall()),
            _risk_table(con.execute(_AT_RISK).fetchall()),
            _next_steps(data_dir),
        ]
    checks = release["checks"]
    heading = (
        f"release {release['release_id']} · as of {release['as_of'][:19]} UTC · {checks['passed']} checks passed"
        + (f", {len(checks['warned'])} warned" if checks["warned"] else "")
    )
    console.print(Panel(Group(*parts), title="Customer analytics", subtitle=heading, padding=(1, 2)))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=True)
    return table


def _rows_table(rows: list[tuple[Any, ...]]) -> Group:
    table = _table(
        "Rows that came in, and where they went",
        "system", "files", "landed", "in bronze", "duplicates", "quarantined", "lost",
    )  # fmt: skip
    for system, *counts in rows:
        table.add_row(system, *(f"{count:,.0f}" for count in counts))
    if len(rows) > 1:
        table.add_row("all", *(f"{sum(row[place] for row in rows):,.0f}" for place in range(1, 7)), style="bold")
    return Group(
        table, Text("why a row was set aside: quarantine.* in the warehouse; file by file: gold.load_ledger\n", "dim")
    )


def _bands_table(rows: list[tuple[Any, ...]]) -> Group:
    table = _table(
        "Active customers by health", "health", "customers", "recurring revenue / month", "average churn risk"
    )
    for band, customers, revenue, risk in rows:
        table.add_row(band, f"{customers:,}", f"${revenue:,.0f}", "unknown" if risk is None else f"{risk:.0f}")
    return Group(table, Text())


def _revenue_table(rows: list[tuple[Any, ...]]) -> Group:
    table = _table(
        "Monthly recurring revenue, US dollars",
        "month", "opening", "new", "grown", "shrunk", "churned", "returned", "closing",
    )  # fmt: skip
    for month, *amounts in reversed(rows):
        table.add_row(f"{month:%Y-%m}", *(f"{amount:,.0f}" for amount in amounts))
    return Group(table, Text())


def _risk_table(rows: list[tuple[Any, ...]]) -> Group:
    lines: list[RenderableType] = [Text("Five accounts most at risk", "bold")]
    for customer_id, name, tier, revenue, risk, health, reasons in rows:
        lines.append(
            Text.assemble(
                (f"{risk:3.0f}", "bold red" if risk >= 70 else "bold"),
                f"  {name} ({customer_id}, {tier}, ${revenue:,.0f} a month, health {'unknown' if health is None else f'{health:.0f}'})",
            )
        )
        lines.append(Text(f"     {reasons or 'no reason on record'}", "dim"))
    return Group(*lines, Text())


def _next_steps(data_dir: Path) -> Text:
    return Text.from_markup(
        "[bold]Next[/bold]\n"
        f"  query     duckdb -readonly {data_dir}/published/marts.duckdb   (or Parquet in {data_dir}/published/parquet)\n"
        "  status    .venv/bin/customer-analytics status\n"
        "  lineage   make dagster   (http://127.0.0.1:3000)\n"
        "  your data .venv/bin/customer-analytics contracts, then docs/how-to/bring-your-own-files.md"
    )
