"""Which columns of its parents a column of a model is made of, read from the SQL by sqlglot.

That takes a fifth of a second for a model and twenty for the most tangled one, one to two minutes for all. So what was found is kept in a book,
by the model's file and the columns of its parents, and each call of dbt adds to it for some seconds only.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Types of a table's columns, by name.
Columns = dict[str, str]
#: For each column the columns it is made of: table (schema.table) and name.
Lineage = dict[str, list[tuple[str, str]]]


class LineageBook:
    """What was found so far, in a JSON file; whatever is wrong with the file costs no more than to look again."""

    def __init__(self, path: Path, seconds: float) -> None:
        """`seconds` is the time it may spend on models that it does not know; the one it has begun is finished."""
        self._path = path
        self._until = time.monotonic() + seconds
        self._changed = False
        #: Models that there was no time for.
        self.left = 0
        try:
            self._known: dict[str, Lineage | None] = json.loads(path.read_text())
        except (OSError, ValueError):
            self._known = {}

    def lineage(self, checksum: str, sql: str, columns: Columns, parents: Mapping[str, Columns]) -> Lineage | None:
        """The lineage of a model, or None if its SQL cannot be traced or there was no time for it.

        Args:
            checksum: of the model's file.
            sql: as it was run.
            columns: of the table it made.
            parents: columns of the tables it reads, by schema.table.
        """
        mark = hashlib.sha256(json.dumps([checksum, columns, parents], sort_keys=True).encode()).hexdigest()
        if mark not in self._known:
            if time.monotonic() >= self._until:
                self.left += 1
                return None
            self._known[mark] = column_lineage(sql, columns, parents)
            self._changed = True
        return self._known[mark]

    def close(self) -> None:
        """Write down what is new."""
        if self._changed:
            fresh = self._path.with_suffix(".tmp")
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._known))
            fresh.replace(self._path)


def column_lineage(sql: str, columns: Columns, parents: Mapping[str, Columns]) -> Lineage | None:
    """For each column of a model the columns of its parents that it is made of, or None if sqlglot cannot read it."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope
    from sqlglot.schema import MappingSchema

    known: dict[str, Any] = {}
    for table, types in parents.items():
        schema, name = table.split(".", 1)
        known.setdefault(schema, {})[name] = types
    try:
        query = qualify(
            parse_one(_without_catalogue(sql), dialect="duckdb"),
            schema=MappingSchema(known, dialect="duckdb"),
            dialect="duckdb",
            validate_qualify_columns=False,
        )
        traced = lineage(None, query, known, scope=build_scope(query), dialect="duckdb", copy=False)
        by_name = {name.lower(): top for name, top in traced.items()}
        found: Lineage = {column: [] for column in columns}
        for column in columns.keys() & by_name.keys():
            leaves = (node for node in by_name[column].walk() if not node.downstream)
            read = {
                (f"{leaf.expression.db}.{leaf.expression.name}", leaf.name.split(".")[-1].strip('"'))
                for leaf in leaves
                if isinstance(leaf.expression, exp.Table)
            }
            found[column] = sorted((table, name) for table, name in read if table in parents)
    except (SqlglotError, RecursionError, AttributeError, ValueError, KeyError):
        return None
    return found


def _without_catalogue(sql: str) -> str:
    """dbt writes tables as "warehouse"."schema"."table"; the first part is the file's name."""
    return sql.replace('"warehouse".', "")
