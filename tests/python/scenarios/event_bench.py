"""A workbench for events: the real models from staging to attribution and journeys, over landed rows that a test writes as text.

A build takes seconds where one of the whole project takes a minute, and is incremental in the same way: what is given are the
landing tables with their loads, and whom a login stands for.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from ingestion.contracts import PROJECT_DIR

CONTRACTS = ("customer_events", "touchpoints")
FOLDERS = ("silver/sessions", "silver/stitching", "silver/attribution", "silver/channels", "silver/journeys")
GOLD = ("fct_attribution", "fct_journeys")
SEEDS = {
    "_seeds": ("currencies",),
    "_channel_seeds": ("source_categories", "referrer_sites", "public_suffixes", "click_ids", "channel_rules", "robot_agents"),
    "_journey_seeds": ("touchpoint_types", "conversion_events", "journeys", "journey_stages"),
}  # fmt: skip
CHECKS = ("sessions_hold_every_event", "sessions_keep_their_distance", "credit_adds_up")
GIVEN = {
    "silver__users": "user_id varchar, customer_id varchar, golden_customer_id varchar",
    "silver__staff": "user_id varchar",
    "silver__account_map": "source_system varchar, source_customer_id varchar, customer_id varchar, is_left_out boolean",
    "silver__identity_map": "source_system varchar, source_record_id varchar, golden_customer_id varchar",
    "bronze__journey_definitions": (
        "journey_id varchar, journey_name varchar, version bigint, stage_number bigint, stage_name varchar, event_name varchar, "
        "page_url_pattern varchar, property_name varchar, property_value varchar, is_ordered boolean, max_minutes_from_previous double, "
        "max_days_overall double, reentry varchar, exit_event_name varchar, updated_at timestamp, source_system varchar"
    ),
    "bronze__journey_instances": (
        "journey_instance_id varchar, journey_id varchar, visitor_id varchar, user_id varchar, customer_id varchar, source_record_id varchar, "
        "origin_system varchar, started_at timestamp, ended_at timestamp, status varchar, current_stage varchar, source_system varchar"
    ),
    "bronze__journey_analytics_events": (
        "journey_instance_id varchar, stage_name varchar, event_type varchar, occurred_at timestamp, source_system varchar"
    ),
}
#: The newest moment, of the two contracts that are there.
AS_OF = """
select coalesce(max(occurred_at), timestamp '1970-01-01 00:00:00') as as_of
from (
    select occurred_at from {{ ref('bronze__customer_events') }}
    union all
    select occurred_at from {{ ref('bronze__touchpoints') }}
) as newest
"""
#: What a build makes; compared between two ways to the same rows.
BUILT = (
    *("bronze.customer_events", "bronze.touchpoints", "quarantine.customer_events", "silver.sessions", "silver.visitor_people"),
    *("silver.account_sessions", "silver.conversions", "silver.touchpoints", "silver.touchpoints_attributed"),
    *("silver.touchpoint_paths", "gold.fct_attribution", "silver.journeys", "gold.fct_journeys"),
)  # fmt: skip
PROFILE = "customer_analytics: {target: dev, outputs: {dev: {type: duckdb, path: '%s', threads: 2, settings: {TimeZone: UTC}, plugins: [{module: ingestion.dbt_plugin}]}}}\n"
LOADED_AT = "2029-01-01 00:00:00"


@dataclass(frozen=True)
class Landed:
    """A row of a contract as it came, in a file of its own."""

    contract: str
    file: str
    load_id: int
    columns: Mapping[str, str | None]


class EventBench:
    """A scratch project with a warehouse of its own; `variables` stand in place of the project's."""

    def __init__(self, root: Path, **variables: object) -> None:
        self.root = root
        self.warehouse = root / "bench.duckdb"
        for folder in ("models", "seeds", "checks"):
            (root / folder).mkdir(parents=True)
        for name in CHECKS:
            shutil.copy(PROJECT_DIR / f"tests/dbt/{name}.sql", root / "checks")
        shutil.copytree(PROJECT_DIR / "macros", root / "macros")
        self._columns: dict[str, list[str]] = {}
        for contract in CONTRACTS:
            self._copy_contract(contract)
        for folder in FOLDERS:
            for path in (PROJECT_DIR / "models" / folder).glob("*.sql"):
                shutil.copy(path, root / "models")
        for name in GOLD:
            (path,) = (PROJECT_DIR / "models/gold").rglob(f"{name}.sql")
            sql = path.read_text()
            (root / "models" / path.name).write_text("{{ config(schema='gold') }}\n" + sql)
        for file in ("bronze/_files__sources.yml", "silver/attribution/_attribution__sources.yml"):
            shutil.copy(PROJECT_DIR / "models" / file, root / "models")
        for name in GIVEN:
            (root / "models" / f"{name}.sql").write_text(f"select * from given.{name}")
        (root / "models" / "silver__as_of.sql").write_text(AS_OF)
        self._copy_seeds()
        project = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
        project = {key: project[key] for key in ("name", "version", "config-version", "profile", "vars")}
        project["vars"] |= {"systems": ["files"], **variables}
        project["test-paths"] = ["checks"]
        project["on-run-start"] = ["{{ prepare_steps() }}"]
        project["models"] = {"customer_analytics": {"+materialized": "table", "+schema": "silver"}}
        project["seeds"] = {"customer_analytics": {"+schema": "reference"}}
        (root / "dbt_project.yml").write_text(yaml.safe_dump(project))
        (root / "profiles.yml").write_text(PROFILE % self.warehouse)
        self._manifest: Manifest | None = None
        self._prepare()
        self._dbt("seed")
        self._manifest = dbtRunner().invoke(["--quiet", "parse", *self._where()]).result
        self._empty = root / "empty.duckdb"
        shutil.copy(self.warehouse, self._empty)

    def _copy_contract(self, contract: str) -> None:
        """Its models, and of its YAML the columns that the macros read."""
        folder = PROJECT_DIR / "models/bronze/journeys"
        for layer in ("staging", "bronze", "quarantine"):
            shutil.copy(folder / f"{layer}__{contract}.sql", self.root / "models")
        (model,) = yaml.safe_load((folder / f"bronze__{contract}.yml").read_text())["models"]
        kept = {
            "name": model["name"],
            "config": {"meta": model["config"]["meta"]},
            "columns": [
                {key: it[key] for key in ("name", "data_type", "config") if key in it} for it in model["columns"]
            ],
        }
        (self.root / "models" / f"bronze__{contract}.yml").write_text(yaml.safe_dump({"version": 2, "models": [kept]}))
        system = {"source_system", "source_table", "source_file", "source_line", "load_id"}
        self._columns[contract] = [it["name"] for it in model["columns"] if it["name"] not in system]

    def _copy_seeds(self) -> None:
        kept = []
        for file, names in SEEDS.items():
            described = yaml.safe_load((PROJECT_DIR / f"seeds/{file}.yml").read_text())["seeds"]
            kept += [{"name": it["name"], "config": it["config"]} for it in described if it["name"] in names]
            for name in names:
                shutil.copy(PROJECT_DIR / f"seeds/{name}.csv", self.root / "seeds")
        (self.root / "seeds" / "seeds.yml").write_text(yaml.safe_dump({"version": 2, "seeds": kept}))

    def _prepare(self) -> None:
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute("create schema given; create schema landing; create schema attribution")
            for name, columns in GIVEN.items():
                con.execute(f"create table given.{name} ({columns})")
            con.execute(
                "insert into given.silver__users values ('u1', 'a1', 'g1'), ('u2', 'a2', 'g2'), ('u3', 'a1', 'g1')"
            )
            con.execute("insert into given.silver__staff values ('staff')")
            con.execute(
                "create table landing.files (file_id bigint, source_system varchar, source_table varchar, source_file varchar, "
                "load_id bigint, loaded_at timestamp)"
            )
            for contract, columns in self._columns.items():
                texts = ", ".join(f"{name} varchar" for name in columns)
                con.execute(
                    f"create table landing.files__{contract} (landed_file_id bigint, landed_line bigint, {texts})"
                )
            con.execute(
                "create table attribution.channel_weights as select * from (values ('purchase', 'markov', 'Direct', 0.75), "
                "('purchase', 'markov', 'Email', 0.25)) as given (conversion_name, attribution_model, channel_group, weight)"
            )

    def clear(self) -> None:
        """Begin with nothing landed and nothing built."""
        shutil.copy(self._empty, self.warehouse)

    def land(self, rows: Iterable[Landed]) -> None:
        """Rows as the loader would leave them."""
        with duckdb.connect(str(self.warehouse)) as con:
            ((files,),) = con.execute("select count(*) from landing.files").fetchall()
            for number, row in enumerate(rows, files + 1):
                con.execute(
                    "insert into landing.files values (?, 'files', ?, ?, ?, ?)",
                    [number, row.contract, row.file, row.load_id, LOADED_AT],
                )
                unknown = row.columns.keys() - set(self._columns[row.contract])
                assert not unknown, f"{row.contract} has no {unknown}"
                names = ", ".join(row.columns)
                con.execute(
                    f"insert into landing.files__{row.contract} (landed_file_id, landed_line, {names}) "
                    f"values (?, 2{', ?' * len(row.columns)})",
                    [number, *row.columns.values()],
                )

    def keep(self, name: str) -> Path:
        """A copy of the warehouse as it is now."""
        return Path(shutil.copy(self.warehouse, self.root / f"{name}.duckdb"))

    def query(self, sql: str, kept: Path | None = None) -> list[tuple[Any, ...]]:
        """Rows of what was built, or of a copy that was kept."""
        with duckdb.connect(str(kept or self.warehouse), read_only=True) as con:
            con.execute("set timezone = 'UTC'")
            return con.execute(sql).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Sorted rows of everything built, without the number of the load."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            for table in BUILT:
                columns = con.execute(f"select column_name, column_type from (describe {table})").fetchall()
                # Parallel threads add up in any order, so the last bits of floating-point numbers differ.
                texts = [
                    f'round("{name}", 9)' if kind == "DOUBLE" else f'"{name}"'
                    for name, kind in columns
                    if name not in ("load_id", "source_line")
                ]
                found[table] = con.execute(f"select {', '.join(texts)} from {table} order by all").fetchall()
        return found

    def build(self) -> None:
        """One run of all models over what has landed, with the checks of its sessions and its credit."""
        self._dbt("build", "--exclude-resource-type", "seed")

    def build_what_is_kept(self) -> None:
        """One run of those models only that keep rows from one run to the next; the others are made anew by the last run."""
        self._dbt("run", "--select", "+config.materialized:incremental")

    def _where(self) -> list[str]:
        folders = {"project": self.root, "profiles": self.root}
        paths = [f"--{name}-dir={path}" for name, path in folders.items()]
        return [*paths, f"--target-path={self.root / 'target'}", f"--log-path={self.root / 'logs'}"]

    def _dbt(self, command: str, *arguments: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            outcome = dbtRunner(self._manifest).invoke(["--quiet", command, *self._where(), *arguments])
        DuckDBConnectionManager.close_all_connections()
        assert outcome.success, outcome.exception or [(it.node.name, it.message) for it in outcome.result]
