"""What is known of a table only once it is built: its rows, the types of its columns, and which columns each of them is made of.

dbt holds the warehouse file until it ends, so its events are passed on then, all at once; meanwhile its own log shows how far it has come.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from orchestration.column_lineage import Columns, LineageBook
from orchestration.manifest import target_path
from orchestration.project import ASSETS, MANIFEST
from orchestration.translation import relation_of

_LINEAGE_BOOK = "column_lineage.json"


def with_table_facts(
    events: Iterable[Any], folder: Path, target: Path, log: logging.Logger | Any, seconds_for_lineage: float
) -> Iterator[dg.Output | Any]:
    """The events of a call of dbt, those of tables with rows, columns and column lineage. Raises at its end what dbt raises."""
    heard, error = [], None
    try:
        for event in events:
            heard.append(event)
    except Exception as raised:
        error = raised
    facts: Mapping[str, dict[str, Any]] = {}
    built = [_unique_id(event) for event in heard if isinstance(event, dg.Output)]
    try:
        compiled = json.loads((target / "manifest.json").read_text())
        book = LineageBook(target_path("definitions") / _LINEAGE_BOOK, seconds_for_lineage)
        facts = table_facts(folder / "warehouse.duckdb", built, compiled, book)
        book.close()
        if book.left:
            log.info(f"Columns of {book.left} tables are not traced yet; the next runs go on with it.")
    except (OSError, duckdb.Error) as unreadable:
        log.warning(f"Rows and columns of the tables are not shown: {str(unreadable).splitlines()[0]}")
    for event in heard:
        known = facts.get(_unique_id(event)) if isinstance(event, dg.Output) else None
        yield event.with_metadata({**event.metadata, **known}) if known else event
    if error is not None:
        raise error


def table_facts(
    warehouse: Path, unique_ids: Iterable[str], compiled: Mapping[str, Any], book: LineageBook
) -> dict[str, dict[str, Any]]:
    """Metadata by dbt's unique id. `compiled` is the manifest of a build, with the SQL that was run."""
    nodes = {unique_id: MANIFEST["nodes"][unique_id] for unique_id in unique_ids if unique_id in MANIFEST["nodes"]}
    if not nodes:
        return {}
    columns: dict[str, Columns] = {}
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for table, column, data_type in con.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() where not internal "
            "order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault(table, {})[column] = data_type
        counted = [
            f"select '{relation_of(node)}', count(*) from {relation_of(node)}"
            for node in nodes.values()
            if node["config"]["materialized"] != "view" and relation_of(node) in columns
        ]
        rows = dict(con.execute(" union all ".join(counted)).fetchall()) if counted else {}
    facts: dict[str, dict[str, Any]] = {}
    for unique_id, node in nodes.items():
        table = relation_of(node)
        found: dict[str, Any] = {"dagster/column_schema": _schema(node, columns.get(table, {}))}
        if table in rows:
            found["dagster/row_count"] = rows[table]
        parents = {
            relation_of(parent): columns.get(relation_of(parent), {})
            for parent in (MANIFEST["nodes"].get(name) or MANIFEST["sources"].get(name) for name in _parents(unique_id))
            if parent
        }
        sql = compiled["nodes"].get(unique_id, {}).get("compiled_code")
        lineage = book.lineage(node["checksum"]["checksum"], sql, columns.get(table, {}), parents) if sql else None
        if lineage:
            found["dagster/column_lineage"] = dg.TableColumnLineage(
                {
                    column: [
                        dg.TableColumnDep(asset_key=ASSETS[parent], column_name=name)
                        for parent, name in made_of
                        if parent in ASSETS
                    ]
                    for column, made_of in lineage.items()
                }
            )
        facts[unique_id] = found
    return facts


def _unique_id(event: dg.Output) -> str:
    return str(event.metadata["unique_id"].value)


def _parents(unique_id: str) -> list[str]:
    return list(MANIFEST["nodes"][unique_id].get("depends_on", {}).get("nodes", ()))


def _schema(node: Mapping[str, Any], types: Columns) -> dg.TableSchema:
    described = {name.lower(): column for name, column in node["columns"].items()}
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, data_type, description=described.get(name.lower(), {}).get("description") or None)
            for name, data_type in types.items()
        ]
    )
