"""Write, audit, publish: turns the private warehouse into a release that readers may open at any time.

A release is a folder of its own below `published/releases/`: one DuckDB file, the same tables as Parquet, `release.json`. What readers open are links
through `published/current`, and the whole release changes hands by replacing that one link, which the file system does atomically. Large facts are
no tables of the file but views over their Parquet, of which a release writes only the days that have changed: see `publishing.partitions`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contracts import PROJECT_DIR, ConfigurationError
from ingestion.quoting import sql_literal
from operations.clock import next_name
from publishing import store
from publishing.marts import Marts
from publishing.partitioning import declared_partitions
from publishing.partitions import PartitionWriter
from publishing.settings import ReleaseSettings, release_settings


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
    """What `release.json` holds: what every number of the release is made of.

    Attributes:
        release_id: when it was made, UTC, to the microsecond.
        sequence: its place among all releases of this folder; the clock may be set back, this is not.
        as_of: the moment it speaks for, UTC.
        git_commit: commit of the project that made it; `has_uncommitted_changes` says whether files differed from that.
        load_id: the last load of files that is in it.
        row_counts: rows by table (schema.table).
        partitions: of tables that are held as partitions, how many there are and how many were written for this release.
        checks: the audit it has passed.
    """

    release_id: str
    as_of: str
    published_at: str
    git_commit: str | None
    has_uncommitted_changes: bool | None
    load_id: int
    sequence: int
    row_counts: dict[str, int]
    partitions: dict[str, dict[str, int]]
    checks: Checks

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def publish(data_dir: Path, checks: Checks, settings: ReleaseSettings | None = None, anew: bool = False) -> Release:
    """Release the warehouse of `data_dir`; readers keep the release they have until this one is whole.

    `anew` writes all of it, days that have not changed included: files that earlier releases share may be damaged.

    Raises PublishError if a blocking check failed, releases are held, nothing was built yet, or the disk does not take it.
    """
    if checks.failed:
        shown = "; ".join(checks.failed[:3])
        raise PublishError(
            f"Nothing was published: {len(checks.failed)} blocking check(s) failed ({shown}). Readers keep the last release; "
            "mend the data or the model and run again."
        )
    refuse_while_held(data_dir)
    warehouse = data_dir / "warehouse.duckdb"
    if not warehouse.exists():
        raise PublishError(f"Nothing was published: there is no {warehouse}; run `customer-analytics run` first.")
    published = data_dir / "published"
    try:
        (published / "releases").mkdir(parents=True, exist_ok=True)
        settings = settings or release_settings(published)
        with store.writing(published):
            store.clear_unfinished(published)
            release = _write(warehouse, published, checks, settings, anew)
            store.switch(published, release.release_id)
            store.prune(published, settings.kept)
    except store.HeldError as error:
        raise PublishError(f"Nothing was published: {error}") from error
    except (OSError, duckdb.Error, ConfigurationError, ValueError) as error:
        raise PublishError(
            f"Nothing was published: {str(error).splitlines()[0]} Readers keep the last release; free the cause and run "
            "`customer-analytics publish`."
        ) from error
    return release


def refuse_while_held(data_dir: Path) -> None:
    """Raises PublishError while somebody holds releases; to be asked before a long audit."""
    try:
        store.require_free(data_dir / "published")
    except store.HeldError as error:
        raise PublishError(f"Nothing was published: {error}") from error


def current_release(data_dir: Path) -> dict[str, Any] | None:
    """`release.json` of the release that is out, or None if none is. Raises PublishError if it cannot be read."""
    path = data_dir / "published" / store.NOTE
    if not path.exists():
        return None
    note = store.note_of(path)
    if note is None:
        raise PublishError(
            f"{path.resolve()} of the release that is out cannot be read: `customer-analytics publish` makes a new one from the warehouse, "
            "`customer-analytics publish --to ID` goes back to one that is kept (--list)."
        )
    return note


def go_back(data_dir: Path, release_id: str, settings: ReleaseSettings | None = None) -> dict[str, Any]:
    """Put a kept release out again, and give its `release.json`.

    Raises PublishError if no such release is kept, or it is not whole.
    """
    published = data_dir / "published"
    kept = store.releases(published)
    if release_id not in {one["release_id"] for one in kept}:
        there = ", ".join(one["release_id"] for one in kept) or "none"
        raise PublishError(f"There is no release {release_id!r} to go to; kept are, newest first: {there}.")
    folder = published / "releases" / release_id
    try:
        settings = settings or release_settings(published)
        with store.writing(published, though_held=True), duckdb.connect() as con:
            _point_views_at(con, folder, settings.root)
            store.switch(published, release_id)
    except (OSError, duckdb.Error, ConfigurationError) as error:
        raise PublishError(
            f"Release {release_id} cannot be put out: {str(error).splitlines()[0]} Readers keep the release they have."
        ) from error
    return next(one for one in kept if one["release_id"] == release_id)


def _point_views_at(con: duckdb.DuckDBPyConnection, folder: Path, root: str) -> None:
    """Make the views of a release anew where the folder of releases is found under another path than when it was made."""
    file = folder / "marts.duckdb"
    with Marts(con, file, folder, root, read_only=True) as marts:
        outdated = marts.views_elsewhere()
    if outdated:
        fresh = file.with_suffix(".moved")
        fresh.write_bytes(file.read_bytes())
        with Marts(con, fresh, folder, root) as marts:
            for schema, table in outdated:
                marts.make_view(schema, table)
        store.settle(fresh)
        fresh.replace(file)


def _write(warehouse: Path, published: Path, checks: Checks, settings: ReleaseSettings, anew: bool) -> Release:
    now = datetime.now(UTC)
    release_id = next_name(published / "releases", now)
    folder = published / "releases" / release_id
    # A release without release.json is none; the path of its files is in its views, so that it has its name from the beginning.
    folder.mkdir()
    try:
        release = _fill(folder, warehouse, store.releases(published), now, checks, settings, anew)
        store.finish(folder, release.to_json())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return release


def _fill(
    folder: Path,
    warehouse: Path,
    before: list[dict[str, Any]],
    now: datetime,
    checks: Checks,
    settings: ReleaseSettings,
    anew: bool,
) -> Release:
    """Write everything but the note to the folder of a release; `before` are the notes of those that are kept, the newest first."""
    with duckdb.connect() as con:
        con.execute(f"attach {sql_literal(str(warehouse))} as warehouse (read_only)")
        with Marts(con, folder / "marts.duckdb", folder, settings.root) as marts:
            tables = marts.tables_of_warehouse()
            if not any(schema == "entity" for schema, _ in tables):
                raise PublishError(
                    "Nothing was published: the warehouse holds no entity tables; run `dbt build` first."
                )
            as_of, load_id = con.execute(
                "select (select cast(as_of as varchar) from warehouse.silver.as_of), "
                "(select coalesce(max(load_id), 0) from warehouse.landing.files)"
            ).fetchall()[0]
            earlier = {} if anew else store.earlier_tables(folder.parent, before)
            writer = PartitionWriter(con, folder.name, as_of)
            declared = declared_partitions()
            for schema, table in tables:
                name = f"{schema}.{table}"
                how = declared.get(table)
                rows = marts.rows_expected(name, earlier.get(name)) if how else 0
                if how and rows >= max(1, settings.partition_rows):
                    marts.hold_partitions(schema, table, writer, how, earlier.get(name), rows)
                else:
                    marts.copy(schema, table)
            commit, changed = _git_commit()
            release = Release(
                folder.name,
                as_of,
                now.isoformat(timespec="seconds"),
                commit,
                changed,
                load_id,
                1 + max((one["sequence"] for one in before), default=0),
                marts.row_counts,
                {
                    name: {"partitions": len(held.days), "written": held.written_for(folder.name)}
                    for name, held in marts.held.items()
                },
                checks,
            )
            marts.describe_release(release)
    return release


def _git_commit() -> tuple[str | None, bool | None]:
    """The commit of the project, and whether its files differ from it; None for both where that is not known."""
    said = []
    for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            done = subprocess.run(
                # Whoever runs it may not own the project's folder, which git takes for a danger; nothing of it is run here.
                ["git", "-c", f"safe.directory={PROJECT_DIR}", *command],
                cwd=PROJECT_DIR,
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None, None
        said.append(done.stdout.strip())
    return said[0], bool(said[1])
