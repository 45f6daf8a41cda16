"""Measures the tables that are published, those of the warehouse and those of the release that is out: a few numbers a table, by one query each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from data_quality.settings import Measured, MeasuredColumn

#: People edit these: how many rows there are is their business.
SEEDS = "reference"
ACCOUNTS = "entity.entity_customers"
#: Numbers that several tables hold: what is counted, and for each table the SQL. The first is what the others are compared with.
AGREEING: dict[str, dict[str, str]] = {
    "recurring revenue of today": {
        ACCOUNTS: "select coalesce(sum(monthly_recurring_revenue), 0) from {0}.entity.entity_customers",
        "entity.entity_customers_daily": "select coalesce(sum(total_mrr), 0) from {0}.entity.entity_customers_daily "
        "where date = (select cast(max(as_of) as date) from {0}.entity.entity_customers)",
    },
    "recurring revenue of the last month": {
        "gold.fct_mrr_movements": "select coalesce(sum(closing_mrr), 0) from {0}.gold.fct_mrr_movements "
        "where month = (select max(month) from {0}.metrics.revenue)",
        "metrics.revenue": "select coalesce(max_by(closing_mrr, month), 0) from {0}.metrics.revenue",
        "metrics.revenue_by_segment": "select coalesce(sum(closing_mrr), 0) from {0}.metrics.revenue_by_segment "
        "where month = (select max(month) from {0}.metrics.revenue) and segment_kind = 'customer_tier'",
    },
    "customers with revenue in the last month": {
        "gold.fct_mrr_movements": "select count(*) from {0}.gold.fct_mrr_movements "
        "where closing_mrr > 0 and month = (select max(month) from {0}.metrics.revenue)",
        "metrics.revenue": "select coalesce(max_by(closing_customers, month), 0) from {0}.metrics.revenue",
    },
    "accounts": {
        ACCOUNTS: "select count(*) from {0}.entity.entity_customers",
        "metrics.customer_success": "select count(*) from {0}.metrics.customer_success",
    },
    "customers of today": {
        ACCOUNTS: "select count(*) from {0}.entity.entity_customers where is_active",
        "metrics.account_health_report": "select count(*) from {0}.metrics.account_health_report",
    },
    "credit of conversions": {
        "gold.fct_attribution": "select count(distinct conversion_id || '|' || attribution_model) from {0}.gold.fct_attribution",
        "sum of gold.fct_attribution.credit": "select coalesce(sum(credit), 0) from {0}.gold.fct_attribution",
    },
    "landed rows": {
        "gold.load_ledger": "select coalesce(sum(rows_landed), 0) from {0}.gold.load_ledger",
        "sum of the ledger's outcomes": "select coalesce(sum(rows_in_bronze + rows_duplicate + rows_quarantined), 0) from {0}.gold.load_ledger",
    },
    "moment the numbers speak for": {
        ACCOUNTS: "select coalesce(max(epoch(as_of)), 0) from {0}.entity.entity_customers",
        "metrics.identity_resolution": "select coalesce(max(epoch(as_of)), 0) from {0}.metrics.identity_resolution "
        "where exists (select 1 from {0}.entity.entity_customers)",
    },
}


@dataclass(frozen=True)
class MartsMeasures:
    """`rows`: table, rows. `columns`: table, column, rows, filled, least, most, mean. `bands`: table, column, band, rows. `mrr`: US dollars a month."""

    rows: pd.DataFrame
    columns: pd.DataFrame
    bands: pd.DataFrame
    mrr: float | None


def measure_marts(
    con: duckdb.DuckDBPyConnection, catalog: str, measured: Measured, schemas: Sequence[str]
) -> MartsMeasures:
    """Measure the tables of an attached database. Tables and columns that it lacks are left out."""
    there = con.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() where database_name = ? group by 1",
        [catalog],
    ).fetchall()
    columns_of = {table: set(columns) for table, columns in there if table.split(".")[0] in schemas}
    tables = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ? order by 1", [catalog]
    ).fetchall()
    counted = [name for (name,) in tables if name in columns_of and name.split(".")[0] != SEEDS]
    counted += [name for name in measured.tables if name in columns_of and name not in counted]
    rows = []
    if counted:
        parts = [f"select '{name}' as \"table\", count(*) as rows from {catalog}.{name}" for name in counted]
        rows = con.execute(" union all ".join(parts)).fetchall()
    by_table: dict[str, list[MeasuredColumn]] = defaultdict(list)
    for column in measured.columns:
        table, name = column.column.rsplit(".", 1)
        if name in columns_of.get(table, ()):
            by_table[table].append(column)
    columns = []
    for table, wanted in by_table.items():
        names = [column.column.rsplit(".", 1)[1] for column in wanted]
        numbers = [column.lowest is not None or column.highest is not None for column in wanted]
        asked = ", ".join(
            f'count("{name}"), '
            + (f'min("{name}")::double, max("{name}")::double, avg("{name}")::double' if number else "null, null, null")
            for name, number in zip(names, numbers, strict=True)
        )
        found = con.execute(f"select count(*), {asked} from {catalog}.{table}").fetchall()[0]
        columns += [(table, name, found[0], *found[1 + 4 * at : 5 + 4 * at]) for at, name in enumerate(names)]
    bands = []
    for column_name in measured.bands:
        table, name = column_name.rsplit(".", 1)
        if name in columns_of.get(table, ()):
            bands += [
                (table, name, band, count)
                for band, count in con.execute(
                    f'select "{name}", count(*) from {catalog}.{table} where "{name}" is not null group by 1 order by 1'
                ).fetchall()
            ]
    mrr = None
    if "monthly_recurring_revenue" in columns_of.get(ACCOUNTS, ()):
        mrr = float(
            con.execute(f"select coalesce(sum(monthly_recurring_revenue), 0) from {catalog}.{ACCOUNTS}").fetchall()[0][
                0
            ]
        )
    return MartsMeasures(
        pd.DataFrame(rows, columns=["table", "rows"]),
        pd.DataFrame(columns, columns=["table", "column", "rows", "filled", "least", "most", "mean"]).astype(
            {"least": "float64", "most": "float64", "mean": "float64"}
        ),
        pd.DataFrame(bands, columns=["table", "column", "band", "rows"]),
        mrr,
    )


def agreeing_numbers(con: duckdb.DuckDBPyConnection, catalog: str) -> pd.DataFrame:
    """The numbers that several tables hold, each beside what it is compared with.

    Returns:
        number (in words), table, value, compared_with (a table), expected. Those of which a table is missing are left out.
    """
    rows = []
    for number, tables in AGREEING.items():
        try:
            values = {
                table: float(con.execute(sql.format(catalog)).fetchall()[0][0] or 0) for table, sql in tables.items()
            }
        except duckdb.CatalogException:
            continue
        first, *others = values
        rows += [(number, other, values[other], first, values[first]) for other in others]
    return pd.DataFrame(rows, columns=["number", "table", "value", "compared_with", "expected"])
