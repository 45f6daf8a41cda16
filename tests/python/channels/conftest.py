"""A workbench for the channel models: the real ones and the real seeds, over sessions that a test writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT_DIR = Path(__file__).resolve().parents[3]
SEEDS = (
    "source_categories",
    "referrer_sites",
    "public_suffixes",
    "click_ids",
    "channel_rules",
    "robot_agents",
)
SESSION = ("session_id", "utm_source", "utm_medium", "utm_campaign", "referrer_url", "entry_page_url")
PROJECT = """
name: customer_analytics
version: "1.0.0"
config-version: 2
profile: bench
model-paths: [models]
macro-paths: [macros]
seed-paths: [seeds]
models: {customer_analytics: {+materialized: table, +schema: silver}}
seeds: {customer_analytics: {+schema: reference}}
vars: {own_domains: [Northbeam-Shop.example]}
"""
PROFILE = "bench: {target: dev, outputs: {dev: {type: duckdb, path: '%s', threads: 1}}}\n"
SESSIONS = (
    "select *, {{ traffic_source_id('entry_page_url', 'referrer_url', 'utm_source', 'utm_medium', 'utm_campaign') }} as traffic_source_id "
    "from given.sessions"
)
ROBOTS = "select user_agent, {{ is_robot_agent('user_agent') }} as is_robot from given.user_agents"


class Workbench:
    """A scratch project with a warehouse of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warehouse = root / "bench.duckdb"
        for folder in ("models", "seeds"):
            (root / folder).mkdir(parents=True)
        shutil.copytree(PROJECT_DIR / "macros", root / "macros")
        for name in ("silver__traffic_sources", "silver__session_channels"):
            shutil.copy(PROJECT_DIR / f"models/silver/channels/{name}.sql", root / "models")
        for name in SEEDS:
            shutil.copy(PROJECT_DIR / f"seeds/{name}.csv", root / "seeds")
        described = yaml.safe_load((PROJECT_DIR / "seeds/_channel_seeds.yml").read_text())["seeds"]
        types = [{"name": seed["name"], "config": seed["config"]} for seed in described if seed["name"] in SEEDS]
        (root / "seeds" / "seeds.yml").write_text(yaml.safe_dump({"version": 2, "seeds": types}))
        (root / "models" / "silver__sessions.sql").write_text(SESSIONS)
        (root / "models" / "bronze__touchpoints.sql").write_text("select * from given.touchpoints")
        (root / "models" / "robots.sql").write_text(ROBOTS)
        (root / "dbt_project.yml").write_text(PROJECT)
        (root / "profiles.yml").write_text(PROFILE % self.warehouse)
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute("create schema given")
            con.execute(f"create table given.sessions ({', '.join(f'{name} varchar' for name in SESSION)})")
            con.execute("create table given.touchpoints (utm_source varchar, utm_medium varchar, utm_campaign varchar)")
            con.execute("create table given.user_agents (user_agent varchar)")

    def give(self, table: str, rows: Iterable[Iterable[str | None]]) -> None:
        """Put these rows in place of what was given."""
        listed = [tuple(row) for row in rows]
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(f"delete from given.{table}")
            con.executemany(f"insert into given.{table} values ({', '.join('?' for _ in listed[0])})", listed)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of what was built."""
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            return con.execute(sql).fetchall()

    def build(self, *arguments: str) -> None:
        """Seeds and models."""
        where = ["--project-dir", self.root, "--profiles-dir", self.root, "--target-path", self.root / "target"]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            outcome = dbtRunner().invoke(
                ["--quiet", "--log-path", str(self.root / "logs"), "build", *map(str, where), *arguments]
            )
        DuckDBConnectionManager.close_all_connections()
        assert outcome.success, outcome.exception or [(result.node.name, result.message) for result in outcome.result]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """One workbench for all tests, for dbt keeps what it has parsed."""
    return Workbench(tmp_path_factory.mktemp("channels"))
