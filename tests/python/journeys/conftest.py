"""A workbench for the journey models: the real ones over definitions and events that a test writes, without anything before them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT_DIR = Path(__file__).resolve().parents[3]
GIVEN = {
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
    "journeys": (
        "journey_id varchar, journey_name varchar, is_ordered boolean, max_days_overall double, reentry varchar, "
        "exit_event_name varchar, description varchar"
    ),
    "journey_stages": (
        "journey_id varchar, stage_number integer, stage_name varchar, event_name varchar, page_url_pattern varchar, "
        "property_name varchar, property_value varchar, max_minutes_from_previous double"
    ),
    "silver__cleansed_events": (
        "source_system varchar, event_id varchar, event_name varchar, occurred_at timestamp, visitor_id varchar, user_id varchar, "
        "page_url varchar, feature_name varchar, platform varchar, device_type varchar, country varchar, utm_source varchar, "
        "utm_medium varchar, utm_campaign varchar, properties varchar, is_robot boolean, is_internal boolean"
    ),
    "silver__visitor_people": "visitor_id varchar, user_id varchar, valid_after timestamp, valid_until timestamp",
    "silver__users": "user_id varchar, golden_customer_id varchar",
    "silver__staff": "user_id varchar",
    "silver__identity_map": "source_system varchar, source_record_id varchar, golden_customer_id varchar",
    "silver__account_map": "source_system varchar, source_customer_id varchar, customer_id varchar",
    "silver__as_of": "as_of timestamp",
}
PROJECT = """
name: customer_analytics
version: "1.0.0"
config-version: 2
profile: bench
model-paths: [models]
macro-paths: [macros]
models: {customer_analytics: {+materialized: view, +schema: reference}}
vars: {journey_max_stages: 4}
"""
PROFILE = "bench: {target: dev, outputs: {dev: {type: duckdb, path: '%s', threads: 1}}}\n"


@dataclass(frozen=True)
class Workbench:
    """A warehouse with tables `given.*` and the SQL of the journey models, in the order in which they read each other."""

    con: duckdb.DuckDBPyConnection
    models: tuple[tuple[str, str], ...]

    def build(self) -> None:
        """Make the tables of the journey models over what is given."""
        for table, sql in self.models:
            self.con.execute(f"create or replace table {table} as {sql}")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench, its tables empty."""
    root = tmp_path_factory.mktemp("journeys")
    shutil.copytree(PROJECT_DIR / "macros", root / "macros")
    (root / "models").mkdir()
    for path in (PROJECT_DIR / "models/silver/journeys").glob("silver__*.sql"):
        shutil.copy(path, root / "models")
    (root / "dbt_project.yml").write_text(PROJECT)
    (root / "profiles.yml").write_text(PROFILE % (root / "bench.duckdb"))
    for name in GIVEN:
        (root / "models" / f"{name}.sql").write_text(f"select * from given.{name}")
    with duckdb.connect(str(root / "bench.duckdb")) as con:
        con.execute("create schema given")
        for name, columns in GIVEN.items():
            con.execute(f"create table given.{name} ({columns})")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        paths = ["--project-dir", str(root), "--profiles-dir", str(root), "--target-path", str(root / "target")]
        outcome = dbtRunner().invoke(["--quiet", "--log-path", str(root / "logs"), "run", *paths])
    DuckDBConnectionManager.close_all_connections()
    assert outcome.success, outcome.exception or [(result.node.name, result.message) for result in outcome.result]
    models = [
        (f"silver.{result.node.alias}", result.node.compiled_code)
        for result in outcome.result
        if result.node.name.startswith("silver__") and result.node.name not in GIVEN
    ]
    with duckdb.connect(str(root / "bench.duckdb")) as con:
        for table, _ in reversed(models):
            con.execute(f"drop view {table}")
        yield Workbench(con, tuple(models))
