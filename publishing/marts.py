"""The DuckDB file of a release: copies of the tables, views over those that are held as partitions, and tables about the release itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from ingestion.quoting import glob_literal, sql_literal
from publishing.partitioning import Partitioning
from publishing.partitions import Earlier, PartitionWriter, Written
from publishing.reading import stand_in

if TYPE_CHECKING:
    from publishing.release import Release

PUBLISHED_SCHEMAS = ("gold", "entity", "metrics", "public", "reference", "quality", "operations")
STORAGE_VERSION = "v1.2.0"
# Functions of PostgreSQL that BI queries use and DuckDB lacks.
MACROS = ("array_remove(items, unwanted) as [item for item in items if item is distinct from unwanted]",)
#: Tables about the release: what they hold, and their columns with type and description.
ABOUT: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "release": (
        "The release that this file is: what every number in it is made of. Grain: one row.",
        {
            "release_id": ("varchar", "When it was made, UTC, to the microsecond."),
            "sequence": ("bigint", "Place among all releases; the clock may be set back, this is not."),
            "as_of": ("timestamp", "The moment it speaks for, UTC; nothing later is in it."),
            "published_at": ("timestamp", "When it was made, UTC."),
            "git_commit": ("varchar", "Commit of the project that made it."),
            "has_uncommitted_changes": ("boolean", "Whether files of the project differed from that commit."),
            "load_id": ("bigint", "The last load of files that is in it (gold.load_ledger)."),
            "tables": ("bigint", "Tables and views in it."),
            "total_rows": ("bigint", "Rows of all of them."),
            "checks_passed": ("bigint", "Checks that passed before it was released."),
            "checks_warned": ("bigint", "Checks that warned and did not keep it back."),
            "warnings": ("varchar[]", "Their names."),
        },
    ),
    "release_tables": (
        "What the release holds. Grain: one row per table.",
        {
            "schema_name": ("varchar", "Schema."),
            "table_name": ("varchar", "Table or view."),
            "total_rows": ("bigint", "Its rows."),
            "partitions": ("bigint", "Days it is held by; null if it is a table of this file."),
            "partitions_written": (
                "bigint",
                "How many of them were written for this release; the others are those of releases before.",
            ),
        },
    ),
    "release_partitions": (
        "Which release the rows of a day were written for. Grain: one row per table that is held as partitions, and day.",
        {
            "schema_name": ("varchar", "Schema."),
            "table_name": ("varchar", "View over the partitions."),
            "partition_day": ("varchar", "Day (UTC), or unknown."),
            "total_rows": ("bigint", "Rows of that day."),
            "written_for": ("varchar", "Release that wrote the rows as they are."),
        },
    ),
}


class Marts:
    """The file `marts.duckdb` of a release, attached as `marts` beside the attached `warehouse`."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, file: Path, folder: Path, root: str, read_only: bool = False
    ) -> None:
        """Attach `file`, which lies in `folder`, the release's own; `root` is what paths in views begin with."""
        self.con = con
        self.folder = folder
        self.root = root
        self.row_counts: dict[str, int] = {}
        self.held: dict[str, Written] = {}
        self._comments: dict[tuple[str, str], dict[str | None, str]] | None = None
        how = "read_only" if read_only else f"storage_version '{STORAGE_VERSION}'"
        con.execute(f"attach {sql_literal(str(file))} as marts ({how})")
        if not root:
            # Readers of relative paths stand in the published folder, or say so to DuckDB.
            stand_in(con, folder.parents[1])

    def __enter__(self) -> Marts:
        # One transaction: each by itself, thousands of comments would wait for the disk thousands of times.
        self.con.execute("begin")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.con.execute("commit" if kind is None else "rollback")
        self.con.execute("detach marts")

    def tables_of_warehouse(self) -> list[tuple[str, str]]:
        """Schema and name of all tables and views of the warehouse that are published."""
        return self.con.execute(
            "select schema_name, table_name from ("
            "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' union all "
            "select schema_name, view_name from duckdb_views() where database_name = 'warehouse' and not internal) "
            f"where schema_name in {PUBLISHED_SCHEMAS} order by schema_name, table_name"
        ).fetchall()

    def rows_expected(self, name: str, earlier: Earlier | None) -> int:
        """Rows of a table; of one that was held as partitions before, twice as many as then, so that it does not go to and fro."""
        if earlier:
            return 2 * earlier.written.rows
        return int(self.con.execute(f"select count(*) from warehouse.{name}").fetchall()[0][0])

    def copy(self, schema: str, table: str) -> None:
        """Take a table or view along as a table, here and as one Parquet file."""
        self.con.execute(f"create schema if not exists marts.{schema}")
        self.con.execute(f"create table marts.{schema}.{table} as select * from warehouse.{schema}.{table}")
        self._copy_comments(schema, table)
        self._write_parquet(schema, table)

    def hold_partitions(
        self, schema: str, table: str, writer: PartitionWriter, how: Partitioning, earlier: Earlier | None, rows: int
    ) -> None:
        """Write the days of a table that have changed, and make a view over all of them."""
        name = f"{schema}.{table}"
        basis = self.folder / "basis"
        files = self._parquet(schema, table)
        files.parent.mkdir(parents=True, exist_ok=True)
        written = writer.write(name, how, files, basis, earlier, rows)
        if not written.rows:
            # A view over no files would be none.
            shutil.rmtree(files)
            self.copy(schema, table)
            return
        written.save(basis / f"{name}.json")
        self.held[name] = written
        self.row_counts[name] = written.rows
        self._require_same_columns(schema, table, files)
        self.make_view(schema, table)
        self._copy_comments(schema, table)

    def _require_same_columns(self, schema: str, table: str, files: Path) -> None:
        """Raises ValueError unless all files of a table hold what the table has: a view over others could not be read."""
        wanted = [
            (name, kind) for name, kind, *_ in self.con.execute(f"describe warehouse.{schema}.{table}").fetchall()
        ]
        self.con.execute(
            f"create or replace temp view partitions_written as select * from read_parquet({glob_literal(files)})"
        )
        held = [(name, kind) for name, kind, *_ in self.con.execute("describe partitions_written").fetchall()]
        self.con.execute("drop view partitions_written")
        shapes = self.con.execute(
            "select count(distinct shape) from (select file_name, string_agg(name || ' ' || coalesce(type, '') || ' ' || "
            f"coalesce(converted_type, '') || coalesce(logical_type, ''), ',') as shape from parquet_schema({glob_literal(files)}) group by 1)"
        ).fetchall()
        if shapes != [(1,)] or [name for name, _ in held] != [name for name, _ in wanted]:
            raise ValueError(f"the partitions of {schema}.{table} do not all have the columns of the table")

    def make_view(self, schema: str, table: str) -> None:
        """A view over the Parquet files of a table, under the path that readers know them by."""
        self.con.execute(f"create schema if not exists marts.{schema}")
        files = glob_literal(f"{self._root_of_views()}/parquet/{schema}/{table}")
        self.con.execute(
            f"create or replace view marts.{schema}.{table} as select * from read_parquet({files}, hive_partitioning = false)"
        )

    def views_elsewhere(self) -> list[tuple[str, str]]:
        """Schema and name of the views over Parquet that name another path than they would now."""
        here = glob_literal(f"{self._root_of_views()}/parquet", "")[:-1] + "/"
        return self.con.execute(
            "select schema_name, view_name from duckdb_views() where database_name = 'marts' and not internal "
            f"and contains(sql, 'read_parquet') and not contains(sql, {sql_literal(here)})"
        ).fetchall()

    def describe_release(self, release: Release) -> None:
        """Add the macros, and the tables that say what the release is."""
        for macro in MACROS:
            self.con.execute(f"create macro marts.{macro}")
        self.con.execute("create schema if not exists marts.metrics")
        for table, (description, columns) in ABOUT.items():
            self.con.execute(
                f"create table marts.metrics.{table} ({', '.join(f'{name} {kind}' for name, (kind, _) in columns.items())})"
            )
            self.con.execute(f"comment on table marts.metrics.{table} is {sql_literal(description)}")
            for name, (_, said) in columns.items():
                self.con.execute(f"comment on column marts.metrics.{table}.{name} is {sql_literal(said)}")
        self.con.execute(
            "insert into marts.metrics.release select ?, ?, cast(? as timestamp), cast(left(?, 19) as timestamp), ?, ?, ?, ?, ?, ?, ?, ?",
            [
                *(release.release_id, release.sequence, release.as_of, release.published_at),
                *(release.git_commit, release.has_uncommitted_changes, release.load_id),
                *(len(release.row_counts), sum(release.row_counts.values())),
                *(release.checks.passed, len(release.checks.warned), release.checks.warned),
            ],
        )
        partitions = {name: tuple(counts.values()) for name, counts in release.partitions.items()}
        tables: list[tuple[Any, ...]] = [
            (*name.split("."), rows, *partitions.get(name, (None, None)))
            for name, rows in sorted(release.row_counts.items())
        ]
        days = [
            (*name.split("."), day, one.rows, one.release_id)
            for name, held in sorted(self.held.items())
            for day, one in held.days.items()
        ]
        for table, described in (("release_tables", tables), ("release_partitions", days)):
            self._insert(table, described)
        for table in ABOUT:
            self._write_parquet("metrics", table, counted=False)

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        """Fill a table about the release; row by row, it would take longer than the tables themselves."""
        described = ABOUT[table][1]
        columns = [
            pa.array([row[at] for row in rows], type=pa.int64() if kind == "bigint" else pa.string())
            for at, (kind, _) in enumerate(described.values())
        ]
        self.con.register("described", pa.table(columns, names=list(described)))
        self.con.execute(f"insert into marts.metrics.{table} select * from described")
        self.con.unregister("described")

    def _root_of_views(self) -> str:
        return f"{self.root}/releases/{self.folder.name}" if self.root else f"releases/{self.folder.name}"

    def _parquet(self, schema: str, table: str) -> Path:
        return self.folder / "parquet" / schema / table

    def _write_parquet(self, schema: str, table: str, counted: bool = True) -> None:
        folder = self._parquet(schema, table)
        folder.mkdir(parents=True)
        path = sql_literal(str(folder / f"{table}.parquet"))
        written = self.con.execute(
            f"copy marts.{schema}.{table} to {path} (format parquet, compression zstd)"
        ).fetchall()
        if counted:
            self.row_counts[f"{schema}.{table}"] = int(written[0][0])

    def _copy_comments(self, schema: str, table: str) -> None:
        """The descriptions dbt keeps in the warehouse go along, so that a BI tool can show them."""
        if self._comments is None:
            self._comments = self._comments_of_warehouse()
        for column, comment in self._comments.get((schema, table), {}).items():
            kind = f'column marts.{schema}.{table}."{column}"'
            if column is None:
                kind = f"{'view' if f'{schema}.{table}' in self.held else 'table'} marts.{schema}.{table}"
            self.con.execute(f"comment on {kind} is {sql_literal(comment)}")

    def _comments_of_warehouse(self) -> dict[tuple[str, str], dict[str | None, str]]:
        """Comments by table and column; that of the table itself has no column."""
        where = f"database_name = 'warehouse' and schema_name in {PUBLISHED_SCHEMAS} and comment is not null"
        found: dict[tuple[str, str], dict[str | None, str]] = {}
        for schema, table, column, comment in self.con.execute(
            f"select schema_name, table_name, column_name, comment from duckdb_columns() where {where} union all "
            f"select schema_name, table_name, null, comment from duckdb_tables() where {where} union all "
            f"select schema_name, view_name, null, comment from duckdb_views() where {where}"
        ).fetchall():
            found.setdefault((schema, table), {})[column] = comment
        return found
