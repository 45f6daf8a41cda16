"""Measures landed files, each version once, in one pass over its table: what the expectations of the landing boundary are judged by.

Tables (schema `landing`, private to the build): `measured_files` (one row per version of a file), `measured_columns` (one per file and
column), `measured_values` (one per file, column of known categories and value). No row of an export leaves the database.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd
import yaml

from data_quality.settings import Settings
from ingestion.contracts import (
    CONTRACT_SYSTEM,
    SYSTEM_COLUMNS,
    Catalogue,
    ConfigurationError,
    Contract,
    ContractColumn,
    mapped_expression,
    normalise_name,
    project_variables,
)
from ingestion.quoting import sql_literal
from ingestion.reading import FILE_COLUMN

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Values kept of a column of categories, and how long one may be.
KEPT_VALUES, VALUE_LENGTH = 200, 80
#: Where a connector's table says when a row was written; the first that it has.
TIMES_OF_CONNECTORS = ("fivetran_synced", "collector_tstamp", "updated_at", "updated", "created")
_TABLES = """
create table if not exists landing.measured_files (
    relation varchar not null, path varchar not null, sha256 varchar not null, definition varchar not null, columns varchar not null,
    rows_read bigint not null, rows_unreadable bigint not null, keys_filled bigint, keys_distinct bigint, newest timestamp,
    oldest timestamp
);
create table if not exists landing.measured_columns (
    relation varchar not null, path varchar not null, sha256 varchar not null, column_name varchar not null,
    rows_filled bigint not null, rows_unusable bigint not null, rows_in_future bigint not null, distinct_values bigint not null
);
create table if not exists landing.measured_values (
    relation varchar not null, path varchar not null, sha256 varchar not null, column_name varchar not null,
    value varchar not null, value_rows bigint not null
);
"""


@dataclass(frozen=True)
class LandedColumn:
    """A column as it is measured: its SQL as text, and what its contract says of it (of a connector's own columns: nothing)."""

    name: str
    sql: str
    contract: ContractColumn


@dataclass(frozen=True)
class LandedTable:
    """A landing table: its columns, those that tell rows apart, the groups of which a file must have at least one, and the column with the time.

    Of a log (`is_log`) a file holds what happened in some days, however few; of other tables it may be all there is.
    """

    relation: str
    columns: tuple[LandedColumn, ...]
    key: tuple[str, ...]
    needed: tuple[tuple[str, ...], ...]
    time: str | None
    categories: tuple[str, ...]
    is_log: bool = False

    @property
    def definition(self) -> str:
        """Changes with what is measured."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def landed_tables(catalogue: Catalogue, settings: Settings) -> dict[str, LandedTable]:
    """All landing tables that files may fill, by relation.

    Raises ConfigurationError if the settings name a table that is none, or a column of categories that is none.
    """
    tables: dict[str, LandedTable] = {}
    for source in catalogue.source_tables:
        categories = tuple(settings.categories.get(source.relation, ()))
        if source.system in catalogue.mappings:
            continue
        if source.system == CONTRACT_SYSTEM:
            contract = catalogue.contracts[source.table]
            sql = {column.name: f'"{column.name}"' for column in contract.columns}
            tables[source.relation] = _table_of_contract(source.relation, contract, sql, {}, categories)
        else:
            columns = tuple(
                LandedColumn(name, f'"{name}"', ContractColumn(name, "varchar", "")) for name in source.columns
            )
            key = tuple(source.columns[:1])
            time = next((name for name in TIMES_OF_CONNECTORS if name in source.columns), None)
            tables[source.relation] = LandedTable(source.relation, columns, key, (key,), time, categories)
    for system, mapping in catalogue.mappings.items():
        for mapped in mapping.tables:
            relation = f"{system}__{normalise_name(mapped.files)}"
            sql = {name: mapped_expression(column) for name, column in mapped.columns.items()}
            origins = {name: normalise_name(column.source) for name, column in mapped.columns.items() if column.source}
            tables[relation] = _table_of_contract(
                relation,
                catalogue.contracts[mapped.contract],
                sql,
                origins,
                tuple(settings.categories.get(relation, ())),
            )
    for relation, names in settings.categories.items():
        known = {column.name for column in tables[relation].columns} if relation in tables else set()
        for name in names:
            if name not in known:
                raise ConfigurationError(
                    f"data_quality/expectations.yml: categories names {relation}.{name}, which is no column of a landing table."
                )
    for expectation, rule in settings.rules["landing"].items():
        for relation in rule.tables:
            if relation not in tables:
                alike = difflib.get_close_matches(relation, tables, n=1)
                raise ConfigurationError(
                    f"data_quality/expectations.yml: landing.{expectation}.tables names {relation}, which is no landing table"
                    f"{f'; {alike[0]} is one' if alike else ''}."
                )
    return tables


def _table_of_contract(
    relation: str, contract: Contract, sql: dict[str, str], origins: dict[str, str], categories: tuple[str, ...]
) -> LandedTable:
    """`sql` fills columns of the contract; `origins` are the columns of the file they come from, where those are called otherwise."""
    columns = tuple(
        LandedColumn(column.name, sql[column.name], column) for column in contract.columns if column.name in sql
    )
    required = [(column.name,) for column in contract.columns if column.required and not column.otherwise]
    needed = tuple(
        tuple(origins.get(name, name) for name in names)
        for names in (*required, *contract.one_of)
        if not origins or any(name in origins for name in names)
    )
    times = [
        column.name
        for column in contract.columns
        if column.name in sql and column.past_only and not column.device_clock
    ]
    firsts = [column.name for column in contract.columns if column.name in times and column.required]
    time = firsts[0] if contract.kind == "log" and firsts else next((t for t in times if t == "updated_at"), None)
    return LandedTable(
        relation,
        columns,
        tuple(name for name in contract.grain if name not in SYSTEM_COLUMNS and name in sql),
        needed,
        time or (times[0] if times else None),
        (*categories, *(column.name for column in columns if column.contract.accepted)),
        is_log=contract.kind == "log",
    )


def future_tolerance_hours() -> int:
    """Of the project's variables, the one that says from when a time counts as future."""
    return int(project_variables()["future_tolerance_hours"])


def measure(con: duckdb.DuckDBPyConnection, tables: dict[str, LandedTable]) -> None:
    """Measure what is loaded and was not measured yet, or by another definition."""
    con.execute(_TABLES)
    hours = future_tolerance_hours()
    for relation, table in tables.items():
        found = con.execute(
            "select files.file_id from landing.files as files left join landing.measured_files as measured on files.relation = measured.relation "
            "and files.path = measured.path and files.sha256 = measured.sha256 and measured.definition = ? "
            "where files.status = 'loaded' and files.relation = ? and measured.path is null order by 1",
            [table.definition, relation],
        ).fetchall()
        if found:
            _measure_table(con, table, [file_id for (file_id,) in found], hours)


def _measure_table(con: duckdb.DuckDBPyConnection, table: LandedTable, file_ids: Sequence[int], hours: int) -> None:
    chosen = f"{FILE_COLUMN} in ({', '.join(map(str, file_ids))})"
    texts = [f"nullif(trim(cast({column.sql} as varchar)), '') as t{at}" for at, column in enumerate(table.columns)]
    values = [f"{_read(f't{at}', column.contract)} as v{at}" for at, column in enumerate(table.columns)]
    places = {column.name: at for at, column in enumerate(table.columns)}
    latest = f"loaded_at + interval {hours} hour"
    measures = ["count(*) as rows_read"]
    key = [f"coalesce(t{places[name]}, '')" for name in table.key]
    named = " or ".join(f"t{places[name]} is not null" for name in table.key)
    measures.append(f"count(*) filter (where {named}) as keys_filled" if key else "null as keys_filled")
    measures.append(
        f"approx_count_distinct(concat_ws('|', {', '.join(key)})) filter (where {named}) as keys_distinct"
        if key
        else "null as keys_distinct"
    )
    time = None if table.time is None else _timestamp(f"t{places[table.time]}")
    measures.append(f"max({time}) filter (where {time} <= {latest}) as newest" if time else "null as newest")
    # The first hundredth is left out: one row of 1970 would make a day's file one of fifty years.
    measures.append(f"approx_quantile({time}, 0.01) as oldest" if time else "cast(null as timestamp) as oldest")
    for at, column in enumerate(table.columns):
        unusable, future = _faults(at, column.contract, latest)
        measures += [
            f"count(t{at}) as filled{at}",
            f"count(*) filter (where {unusable}) as unusable{at}",
            f"count(*) filter (where {future}) as future{at}",
            f"approx_count_distinct(t{at}) as distinct{at}",
        ]
    con.execute(
        f"create or replace temp table measured as select {FILE_COLUMN} as file_id, {', '.join(measures)} from (select *, {', '.join(values)} "
        f'from (select {FILE_COLUMN}, {", ".join(texts)} from landing."{table.relation}" where {chosen}) as landed '
        f"inner join (select file_id as {FILE_COLUMN}, loaded_at from landing.files) as files using ({FILE_COLUMN})) group by 1"
    )
    con.begin()
    con.execute(
        "create or replace temp table measured_now as select relation, path, sha256, file_id, coalesce(columns, '') as columns, "
        "rows_unreadable from landing.files where file_id in "
        f"({', '.join(map(str, file_ids))}) and sha256 is not null"
    )
    for name in ("measured_files", "measured_columns", "measured_values"):
        con.execute(
            f"delete from landing.{name} using measured_now where {name}.relation = measured_now.relation "
            f"and {name}.path = measured_now.path and {name}.sha256 = measured_now.sha256"
        )
    con.execute(
        "insert into landing.measured_files select relation, path, sha256, ?, columns, coalesce(rows_read, 0), rows_unreadable, keys_filled, "
        "keys_distinct, newest, oldest from measured_now left join measured using (file_id)",
        [table.definition],
    )
    of_columns = ", ".join(
        f"{{'column_name': {sql_literal(column.name)}, 'filled': coalesce(filled{at}, 0), 'unusable': coalesce(unusable{at}, 0), "
        f"'future': coalesce(future{at}, 0), 'distinct': coalesce(distinct{at}, 0)}}"
        for at, column in enumerate(table.columns)
    )
    con.execute(
        f"insert into landing.measured_columns select relation, path, sha256, unnest([{of_columns}], recursive := true) "
        "from measured_now left join measured using (file_id)"
    )
    sql = {column.name: column.sql for column in table.columns}
    for name in dict.fromkeys(table.categories):
        if name in sql:
            con.execute(
                "insert into landing.measured_values select relation, path, sha256, ?, value, value_rows from measured_now inner join ("
                f"select {FILE_COLUMN} as file_id, left(lower(trim(cast({sql[name]} as varchar))), {VALUE_LENGTH}) as value, count(*) as value_rows "
                f"from landing.\"{table.relation}\" where {chosen} and trim(cast({sql[name]} as varchar)) != '' group by 1, 2 "
                f"qualify row_number() over (partition by file_id order by value_rows desc, value nulls last) <= {KEPT_VALUES}) using (file_id)",
                [name],
            )
    con.execute("drop table measured")
    con.commit()


def _timestamp(text: str) -> str:
    """Text to a time as the contracts read it (macros/portable/read_timestamp.sql)."""
    return (
        f"coalesce(try_cast({text} as timestamp with time zone) at time zone 'UTC', "
        f"case when length({text}) = 10 then epoch_ms(try_cast({text} as bigint) * 1000) "
        f"when length({text}) = 13 then epoch_ms(try_cast({text} as bigint)) end)"
    )


def _read(text: str, column: ContractColumn) -> str:
    """Text as the contracts read it (macros/contracts/typed_rows.sql)."""
    if column.data_type == "timestamp":
        return _timestamp(text)
    if column.data_type == "boolean":
        return f"case when lower({text}) in ('true', 't', 'yes', 'y', '1', '1.0', 'false', 'f', 'no', 'n', '0', '0.0') then true end"
    if column.data_type == "double":
        return f"case when isfinite(try_cast({text} as double)) then try_cast({text} as double) end"
    if column.data_type == "bigint":
        number = f"try_cast({text} as decimal(28, 6))"
        return f"case when {number} = floor({number}) then try_cast({number} as bigint) end"
    if column.data_type == "varchar":
        return f"lower({text})" if column.accepted else text
    return f"try_cast({text} as {column.data_type})"


def _faults(at: int, column: ContractColumn, latest: str) -> tuple[str, str]:
    """SQL that is true for a value that puts its row into quarantine, and for a time that lies in the future."""
    value, faults, future = f"v{at}", [], "false"
    if column.data_type != "varchar":
        faults.append(f"(t{at} is not null and {value} is null)")
    if column.minimum is not None:
        faults.append(f"{value} < {column.minimum}")
    if column.maximum is not None:
        faults.append(f"{value} > {column.maximum}")
    if column.accepted:
        faults.append(f"{value} not in ({', '.join(map(sql_literal, column.accepted))})")
    if column.data_type == "timestamp" and not column.device_clock:
        faults.append(f"{value} < timestamp '1900-01-01'")
        if column.past_only:
            future = f"{value} > {latest}"
            faults.append(future)
    return f"coalesce({' or '.join(faults) or 'false'}, false)", f"coalesce({future}, false)"


def read_measures(
    con: duckdb.DuckDBPyConnection, paths: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The measures of some files.

    Args:
        paths: relation, path, sha256.

    Returns:
        Files (rows_read, keys_filled, keys_distinct, newest, oldest), columns (rows_filled, rows_unusable, rows_in_future, distinct_values) and
        values (value, value_rows), each with relation, path, sha256.
    """
    con.register("chosen_files", paths[["relation", "path", "sha256"]].drop_duplicates())
    try:
        files, columns, values = (
            con.execute(
                f"select m.* from landing.{name} as m inner join chosen_files using (relation, path, sha256)"
            ).df()
            for name in ("measured_files", "measured_columns", "measured_values")
        )
    finally:
        con.unregister("chosen_files")
    return files, columns, values
