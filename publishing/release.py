"""Write, audit, publish: turns the private warehouse into a release that readers may open at any time.

A release is a folder of its own below `published/releases/`; what readers open are links through `published/current`, and the whole
release changes hands by replacing that one link, which the file system does atomically.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contracts import PROJECT_DIR
from ingestion.quoting import sql_literal
from operations.clock import next_name

PUBLISHED_SCHEMAS = ("gold", "entity", "metrics", "public", "reference")
STORAGE_VERSION = "v1.2.0"
KEPT_RELEASES = 3
# Functions of PostgreSQL that BI queries use and DuckDB lacks.
MACROS = ("array_remove(items, unwanted) as [item for item in items if item is distinct from unwanted]",)
LINKS = ("marts.duckdb", "parquet", "release.json")


class PublishError(Exception):
    """Nothing was published; the message says why and what to do."""


@dataclass(frozen=True)
class Checks:
    """Outcome of the audit: how many checks passed, which warned, which failed."""

    passed: int
    warned: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Release:
    """What `release.json` holds: what every number of the release is made of."""

    release_id: str
    as_of: str
    published_at: str
    git_commit: str | None
    load_id: int
    row_counts: dict[str, int]
    checks: Checks

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def publish(data_dir: Path, checks: Checks) -> Release:
    """Release the warehouse of `data_dir`; readers keep the release they have until this one is whole.

    Raises PublishError if a blocking check failed, nothing was built yet, or the disk does not take it.
    """
    if checks.failed:
        shown = "; ".join(checks.failed[:3])
        raise PublishError(
            f"Nothing was published: {len(checks.failed)} blocking check(s) failed ({shown}). Readers keep the last release; "
            "mend the data or the model and run again."
        )
    warehouse = data_dir / "warehouse.duckdb"
    if not warehouse.exists():
        raise PublishError(f"Nothing was published: there is no {warehouse}; run `customer-analytics run` first.")
    published = data_dir / "published"
    releases = published / "releases"
    now = datetime.now(UTC)
    release_id = next_name(releases, now)
    unfinished = releases / f".{release_id}"
    try:
        _clear_unfinished(releases)
        unfinished.mkdir(parents=True)
        row_counts, as_of, load_id = _copy_marts(warehouse, unfinished)
        release = Release(
            release_id, as_of, now.isoformat(timespec="seconds"), _git_commit(), load_id, row_counts, checks
        )
        (unfinished / "release.json").write_text(release.to_json())
        unfinished.rename(releases / release_id)
        _switch(published, release_id)
    except (OSError, duckdb.Error) as error:
        raise PublishError(
            f"Nothing was published: {str(error).splitlines()[0]} Readers keep the last release; free the cause and run "
            "`customer-analytics publish`."
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _prune(releases, keep=release_id)
    return release


def current_release(data_dir: Path) -> dict[str, Any] | None:
    """`release.json` of the release that is out, or None."""
    path = data_dir / "published" / "release.json"
    return json.loads(path.read_text()) if path.exists() else None


def _copy_marts(warehouse: Path, folder: Path) -> tuple[dict[str, int], str, int]:
    row_counts: dict[str, int] = {}
    with duckdb.connect() as con:
        con.execute(f"attach {sql_literal(str(warehouse))} as warehouse (read_only)")
        con.execute(
            f"attach {sql_literal(str(folder / 'marts.duckdb'))} as marts (storage_version '{STORAGE_VERSION}')"
        )
        tables = con.execute(
            "select schema_name, table_name from ("
            "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' union all "
            "select schema_name, view_name from duckdb_views() where database_name = 'warehouse' and not internal) "
            f"where schema_name in {PUBLISHED_SCHEMAS} order by schema_name, table_name"
        ).fetchall()
        if not any(schema == "entity" for schema, _ in tables):
            raise PublishError("Nothing was published: the warehouse holds no entity tables; run `dbt build` first.")
        for schema, table in tables:
            con.execute(f"create schema if not exists marts.{schema}")
            con.execute(f"create table marts.{schema}.{table} as select * from warehouse.{schema}.{table}")
            _copy_comments(con, schema, table)
            target = folder / "parquet" / schema / table
            target.mkdir(parents=True)
            con.execute(
                f"copy marts.{schema}.{table} to {sql_literal(str(target / f'{table}.parquet'))} (format parquet, compression zstd)"
            )
            row_counts[f"{schema}.{table}"] = con.execute(f"select count(*) from marts.{schema}.{table}").fetchall()[0][
                0
            ]
        for macro in MACROS:
            con.execute(f"create macro marts.{macro}")
        as_of, load_id = con.execute(
            "select (select cast(as_of as varchar) from warehouse.silver.as_of), "
            "(select coalesce(max(load_id), 0) from warehouse.landing.files)"
        ).fetchall()[0]
        con.execute("detach marts")
    return row_counts, as_of, load_id


def _copy_comments(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """The descriptions dbt keeps in the warehouse go along, so that a BI tool can show them."""
    where = f"database_name = 'warehouse' and schema_name = '{schema}'"
    comments = con.execute(
        f"select column_name, comment from duckdb_columns() where {where} and table_name = '{table}' and comment is not null"
    ).fetchall()
    for column, comment in comments:
        con.execute(f'comment on column marts.{schema}.{table}."{column}" is {sql_literal(comment)}')
    described = con.execute(
        f"select comment from duckdb_tables() where {where} and table_name = '{table}' and comment is not null"
    ).fetchall()
    if described:
        con.execute(f"comment on table marts.{schema}.{table} is {sql_literal(described[0][0])}")


def _switch(published: Path, release_id: str) -> None:
    """Point `published/current` to the release in one step; the outer links are laid once and never change."""
    fresh = published / f".current-{release_id}"
    fresh.symlink_to(Path("releases") / release_id)
    os.replace(fresh, published / "current")
    for name in LINKS:
        link = published / name
        if not link.is_symlink():
            link.symlink_to(Path("current") / name)


def _clear_unfinished(releases: Path) -> None:
    """Remove what a run left that died while it was writing a release."""
    if releases.is_dir():
        for leftover in releases.glob(".*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for link in releases.parent.glob(".current-*"):
            link.unlink(missing_ok=True)


def _prune(releases: Path, keep: str) -> None:
    old = sorted((path for path in releases.iterdir() if not path.name.startswith(".")), key=lambda path: path.name)
    for path in old[: -KEPT_RELEASES if len(old) > KEPT_RELEASES else 0]:
        if path.name != keep:
            shutil.rmtree(path, ignore_errors=True)


def _git_commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=PROJECT_DIR, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
