"""The one page that a run prints: what came in and where it went, how the customers are, and what to open next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from command_line.explain_person import counted

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
_MONDAY = """
select customer_name, customer_id, words, because, expected_value_usd, is_exploration
from metrics.next_best_action where action != 'no_action' order by expected_value_usd desc, customer_id limit 5
"""
_CHANGED = "select title, impact_words from gold.fct_insights where insight_rank <= 3 order by insight_rank"
_PEOPLE = """
select records, people, records_deterministic, records_probabilistic, records_manual, records_single, automatic_share, pairs_in_review,
    pairs_cut_by_guard
from metrics.identity_resolution
"""
_HOUSEHOLDS = """
select count(distinct household_id) filter (where household_members > 1), count(*) filter (where household_members > 1)
from entity.entity_customer_profiles
"""
# Somebody of several systems that disagree: the one whose fields come from the most records and rules.
_EXAMPLE = """
with chosen as (
    select golden_customer_id
    from gold.fct_golden_fields
    group by golden_customer_id
    order by count(distinct record_key) + count(distinct rule) desc, count(distinct source_system) desc, golden_customer_id
    limit 1
)
select people.golden_customer_id, people.records, people.source_systems, fields.field, fields.value, fields.record_key, fields.rule,
    cast(round(fields.agreement_rate * fields.candidates) as integer) || ' of ' || fields.candidates
from gold.fct_golden_fields as fields
inner join chosen using (golden_customer_id)
inner join entity.entity_people as people using (golden_customer_id)
where fields.field in ('full_name', 'birth_date', 'email', 'mobile_phone', 'street_address', 'city', 'job_title')
order by list_position(['full_name', 'birth_date', 'email', 'mobile_phone', 'street_address', 'city', 'job_title'], fields.field)
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
            _monday_table(con.execute(_MONDAY).fetchall(), con.execute(_CHANGED).fetchall()),
            _people_table(con.execute(_PEOPLE).fetchall()[0], con.execute(_HOUSEHOLDS).fetchall()[0]),
            _example_table(con.execute(_EXAMPLE).fetchall()),
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


def _monday_table(actions: list[tuple[Any, ...]], changed: list[tuple[Any, ...]]) -> Group:
    lines: list[RenderableType] = [
        Text("What is worth doing on Monday, US dollars that it is expected to bring", "bold")
    ]
    for name, customer_id, words, because, value, by_chance in actions:
        lines.append(
            Text.assemble(
                (f"{value:6,.0f}", "bold"),
                f"  {name} ({customer_id}): {words}{' (tried by chance)' if by_chance else ''}",
            )
        )
        lines.append(Text(f"        {because}", "dim"))
    lines.append(Text("\nWhat changed that nobody asked about", "bold"))
    for title, impact in changed:
        lines.append(Text(f"  {title}{f' ({impact})' if impact else ''}"))
    if not changed:
        lines.append(Text("  nothing out of the ordinary"))
    lines.append(Text("  more: .venv/bin/customer-analytics insights, metrics.next_best_action\n", "dim"))
    return Group(*lines)


def _people_table(counts: tuple[Any, ...], households: tuple[Any, ...]) -> Group:
    records, people, by_rule, by_model, decided, single, share, waiting, cut = counts
    table = _table(
        "Records of people, and who they are (by what their strongest link is)",
        "records", "people", "by rule", "by model", "decided", "alone", "without\nreview", "pairs to\nreview",
    )  # fmt: skip
    table.add_row(
        *(f"{count:,}" for count in (records, people, by_rule, by_model, decided, single)),
        "unknown" if share is None else f"{share:.1%}",
        f"{waiting:,}",
    )
    return Group(
        table,
        Text(
            f"{cut:,} of these pairs contradict each other; {households[0]:,} households of several people hold {households[1]:,} of them; "
            "evidence: gold.fct_identity_links\n",
            "dim",
        ),
    )


def _example_table(fields: list[tuple[Any, ...]]) -> Group:
    if not fields:
        return Group()
    golden_customer_id, records, systems = fields[0][:3]
    table = Table(
        title=f"One of them: {counted(records, 'record')} in {counted(systems, 'system')} made {golden_customer_id}",
        title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0),
    )  # fmt: skip
    for column in ("field", "value", "source record", "rule", "agree"):
        table.add_column(column, no_wrap=column in ("field", "agree"), overflow="fold")
    for field in fields:
        table.add_row(*field[3:])
    hint = f"why: .venv/bin/customer-analytics explain person {golden_customer_id}\n"
    return Group(table, Text(hint, "dim"))


def _next_steps(data_dir: Path) -> Text:
    return Text.from_markup(
        "[bold]Next[/bold]\n"
        f"  query     duckdb -readonly {data_dir}/published/marts.duckdb   (or Parquet in {data_dir}/published/parquet)\n"
        "  status    .venv/bin/customer-analytics status\n"
        "  lineage   make dagster   (http://127.0.0.1:3000)\n"
        "  your data .venv/bin/customer-analytics contracts, then docs/how-to/bring-your-own-files.md"
    )
