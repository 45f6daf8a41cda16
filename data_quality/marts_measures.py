"""Measures the tables that are published, those of the warehouse and those of the release that is out: a few numbers a table, by one query each."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from data_quality.settings import Measured, MeasuredColumn, Settings
from ingestion.contracts import ConfigurationError

#: What is judged. Seeds are edited by people, and what the schemas `quality` and `operations` hold grows by itself.
SCHEMAS = ("gold", "entity", "metrics")
ACCOUNTS = "entity.entity_customers"
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|DECIMAL|FLOAT|DOUBLE")
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
    """What was measured of a database: `rows` (table, rows),
    `columns` (table, column, rows, filled, least, most, mean), `bands` (table, column, band, rows), `mrr` in US dollars a month.
    """

    rows: pd.DataFrame
    columns: pd.DataFrame
    bands: pd.DataFrame
    mrr: float | None


def measure_marts(con: duckdb.DuckDBPyConnection, catalog: str, measured: Measured) -> MartsMeasures:
    """Measure the tables of an attached database. Tables and columns that it lacks, or that cannot be read there, are left out."""
    there = con.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() where database_name = ? group by 1",
        [catalog],
    ).fetchall()
    columns_of = {table: set(columns) for table, columns in there if table.split(".")[0] in SCHEMAS}
    tables = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ? order by 1", [catalog]
    ).fetchall()
    counted = [name for (name,) in tables if name in columns_of]
    counted += [name for name in measured.tables if name in columns_of and name not in counted]
    rows = [(name, count) for name in counted for (count,) in _rows(con, f"select count(*) from {catalog}.{name}")]
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
            f'count("{name}"), ' + (_ends_and_mean(name) if number else "null, null, null")
            for name, number in zip(names, numbers, strict=True)
        )
        for found in _rows(con, f"select count(*), {asked} from {catalog}.{table}"):
            columns += [(table, name, found[0], *found[1 + 4 * at : 5 + 4 * at]) for at, name in enumerate(names)]
    bands = []
    for column_name in measured.bands:
        table, name = column_name.rsplit(".", 1)
        if name in columns_of.get(table, ()):
            shares = (
                f'select "{name}", count(*) from {catalog}.{table} where "{name}" is not null group by 1 order by 1'
            )
            bands += [(table, name, band, count) for band, count in _rows(con, shares)]
    mrr = None
    if "monthly_recurring_revenue" in columns_of.get(ACCOUNTS, ()):
        total = _rows(con, f"select coalesce(sum(monthly_recurring_revenue), 0) from {catalog}.{ACCOUNTS}")
        mrr = float(total[0][0]) if total else None
    return MartsMeasures(
        rows_frame(rows),
        pd.DataFrame(columns, columns=["table", "column", "rows", "filled", "least", "most", "mean"]).astype(
            {"least": "float64", "most": "float64", "mean": "float64"}
        ),
        pd.DataFrame(bands, columns=["table", "column", "band", "rows"]),
        mrr,
    )


def check_names(con: duckdb.DuckDBPyConnection, catalog: str, settings: Settings) -> list[str]:
    """What of the settings is nothing of the warehouse, in sentences: tables that are not there (yet). Nothing of them is judged.

    Raises ConfigurationError for a column that a table which is there does not have, and for a range of what is no number.
    """
    kinds = {
        (table, column): kind
        for table, column, kind in con.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() where database_name = ?",
            [catalog],
        ).fetchall()
    }
    tables = {table for table, _ in kinds}
    measured = settings.measured
    named = [*(("columns", one.column) for one in measured.columns), *(("bands", name) for name in measured.bands)]
    absent: dict[str, None] = {}
    ranged = {one.column for one in measured.columns if one.lowest is not None or one.highest is not None}
    for part, name in named:
        table, column = name.rsplit(".", 1)
        if table not in tables:
            # What is missing of these, the expectation table_there says.
            if table in measured.tables:
                continue
            absent[f"measured.{part} names {table}"] = None
        elif (table, column) not in kinds:
            alike = difflib.get_close_matches(column, [other for one, other in kinds if one == table], n=1)
            raise ConfigurationError(
                f"expectations.yml: measured.{part} names {name}, which is no column of {table}{f'; {alike[0]} is one' if alike else ''}."
            )
        elif part == "columns" and name in ranged and not _NUMBER.match(kinds[table, column]):
            raise ConfigurationError(
                f"expectations.yml: {name} is {kinds[table, column].lower()}, which has no range: say `filled` of it, not `from` or `to`."
            )
    for expectation, rule in settings.rules["marts"].items():
        absent |= {f"marts.{expectation}.tables names {table}": None for table in rule.tables if table not in tables}
    return [f"expectations.yml: {one}, which is not there: nothing of it is judged" for one in absent]


def rows_frame(counts: Iterable[tuple[str, int]]) -> pd.DataFrame:
    """How many rows tables have, of the schemas that are judged: table, rows."""
    some = [(table, count) for table, count in counts if table.split(".")[0] in SCHEMAS]
    return pd.DataFrame(some, columns=["table", "rows"])


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    try:
        return con.execute(sql).fetchall()
    except (duckdb.IOException, duckdb.BinderException, duckdb.CatalogException):
        # A view over files that are not where it looks for them: nothing to judge here, and nothing to compare with.
        return []


def _ends_and_mean(name: str) -> str:
    """SQL of the least, the most and the mean. What is no number counts as endless at the upper end, so that it is found."""
    value = f'"{name}"::double'
    return f"min({value}), max(case when isnan({value}) then 'infinity'::double else {value} end), avg({value})"


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
