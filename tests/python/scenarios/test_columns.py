"""The columns of a warehouse are those that were said, of types that another engine has as well."""

from __future__ import annotations

from typing import Any

import pytest

from intelligence.identity.matching import TABLES
from intelligence.identity.step import SCHEMA, WRITES
from tests.python.parsed_project import manifest_of_the_project
from tests.python.project import layering

pytestmark = pytest.mark.slow

#: schema, table, column, type
Column = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def columns(published: Any, tools: Any) -> list[Column]:
    """All columns of a warehouse."""
    data, _, _ = published
    return tools.query(
        data, "select table_schema, table_name, column_name, data_type from information_schema.columns order by all"
    )


def test_connectors_give_the_columns_they_name(columns: list[Column]) -> None:
    manifest = manifest_of_the_project()
    given: dict[str, set[str]] = {}
    for schema, table, column, _ in columns:
        if schema == "connectors":
            given.setdefault(table, set()).add(column)
    wrong = layering.wrong_connector_columns(manifest, given)
    assert not wrong, "\n" + "\n".join(wrong)
    for change in ("surplus", "customer_id"):
        assert layering.wrong_connector_columns(
            manifest, {**given, "stripe__accounts": given["stripe__accounts"] ^ {change}}
        )


def test_no_column_has_a_type_of_duckdb_alone(columns: list[Column]) -> None:
    # The sum of whole numbers is a HUGEINT on DuckDB and a bigint on Spark: it is cast where it is made.
    own = ("HUGEINT", "UBIGINT", "UINTEGER", "TIMESTAMP WITH TIME ZONE", "TIME", "UUID", "JSON")
    # What the loader writes is its own, and what a connector gives is read as text. Of the tables of the matching step, models read some.
    left_out = ("landing", "connectors")
    kept_apart = {f"{SCHEMA}.{table}" for table in TABLES} - set(WRITES)
    found = [
        f"{row[0]}.{row[1]}.{row[2]} is {row[3]}"
        for row in columns
        if row[3] in own and row[0] not in left_out and f"{row[0]}.{row[1]}" not in kept_apart
    ]
    assert not found, "\n" + "\n".join(found)
