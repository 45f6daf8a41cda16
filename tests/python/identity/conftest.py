"""A workbench for the clustering models: the real ones, over tables of records and links that a test writes, without anything before them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT_DIR = Path(__file__).resolve().parents[3]
MODELS = ("components", "conflicts", "clusters", "changes", "map", "open_pairs", "review_queue", "links")
GIVEN = {
    "silver__source_records": (
        "record_key varchar, source_system varchar, source_record_id varchar, record_type varchar, given_name_key varchar, "
        "middle_name_key varchar, family_name_key varchar, name_suffix_key varchar, birth_digits varchar, national_id_key varchar, street_key varchar, "
        "house_number_key varchar, city_key varchar, postcode_key varchar, created_at timestamp, updated_at timestamp, "
        "first_load_id bigint, load_id bigint, content_hash varchar, is_deleted boolean, is_test boolean, is_internal boolean"
    ),
    "silver__identity_stated_links": (
        "record_key_a varchar, record_key_b varchar, link_type varchar, rule varchar, match_probability double, "
        "match_weight double, zone varchar, evidence varchar"
    ),
    "silver__identity_decided_pairs": (
        "record_key_a varchar, record_key_b varchar, decision varchar, decided_by varchar, decided_at timestamp, reason varchar"
    ),
    "silver__deterministic_links": "record_key_a varchar",
    "silver__as_of": "as_of timestamp",
    "nicknames": "nickname varchar, given_name varchar",
    "source_systems": "source_system varchar, trust_rank integer, holds_duplicates boolean",
}
PROJECT = """
name: customer_analytics
version: "1.0.0"
config-version: 2
profile: bench
model-paths: [models]
macro-paths: [macros]
models: {customer_analytics: {+materialized: view, +schema: silver}}
vars: {identity_cluster_weight: 1, identity_automatic_probability: 0.99, identity_review_probability: 0.5}
on-run-start: ["create schema if not exists identity", "create table if not exists identity.probabilistic_links (record_key_a varchar)"]
"""
PROFILE = "bench: {target: dev, outputs: {dev: {type: duckdb, path: '%s', threads: 1}}}\n"


class Workbench:
    """A scratch project with a warehouse of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warehouse = root / "bench.duckdb"
        (root / "models").mkdir(parents=True)
        shutil.copytree(PROJECT_DIR / "macros", root / "macros")
        for name in MODELS:
            shutil.copy(PROJECT_DIR / f"models/silver/identity/silver__identity_{name}.sql", root / "models")
        shutil.copy(PROJECT_DIR / "models/silver/identity/_identity__sources.yml", root / "models")
        (root / "dbt_project.yml").write_text(PROJECT)
        (root / "profiles.yml").write_text(PROFILE % self.warehouse)
        for name in GIVEN:
            (root / "models" / f"{name}.sql").write_text(f"select * from given.{name}")
        self.clear()

    def clear(self) -> None:
        """Begin with an empty warehouse."""
        self.warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute("create schema given")
            for name, columns in GIVEN.items():
                con.execute(f"create table given.{name} ({columns})")
            con.execute("insert into given.silver__as_of values ('2026-01-01')")

    def execute(self, *statements: str) -> None:
        """Change what is given."""
        with duckdb.connect(str(self.warehouse)) as con:
            for statement in statements:
                con.execute(statement)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of what was built."""
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            return con.execute(sql).fetchall()

    def records(self, keys: Iterable[str], load_id: int = 1, **columns: str) -> None:
        """Records that say nothing of themselves but what `columns` says (SQL, over `key`)."""
        given = {
            "record_key": "key",
            "source_system": "split_part(key, '|', 1)",
            "source_record_id": "split_part(key, '|', 2)",
            "record_type": "'customer'",
            "updated_at": "timestamp '2025-01-01'",
            "first_load_id": str(load_id),
            "load_id": str(load_id),
            "content_hash": "md5(key)",
            "is_deleted": "false",
            "is_test": "false",
            "is_internal": "false",
            **columns,
        }
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(
                f"insert into given.silver__source_records by name select {', '.join(f'{sql} as {name}' for name, sql in given.items())} "
                "from (select unnest(?::varchar[]) as key)",
                [list(keys)],
            )

    def links(self, pairs: Iterable[tuple[str, str, float]], link_type: str = "deterministic") -> None:
        """Automatic links with their probability."""
        one, other, probability = zip(*((min(a, b), max(a, b), p) for a, b, p in pairs), strict=True)
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(
                "insert into given.silver__identity_stated_links select a, b, ?, 'rule', p, log2(p / (1 - p)), 'automatic', '{}' "
                "from (select unnest(?::varchar[]) as a, unnest(?::varchar[]) as b, unnest(?::double[]) as p)",
                [link_type, list(one), list(other), list(probability)],
            )

    def keep_apart_all(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Decisions of people that pairs are two, with the link that the links model makes of each."""
        decided = [(min(pair), max(pair)) for pair in pairs]
        if not decided:
            return
        one, other = zip(*decided, strict=True)
        with duckdb.connect(str(self.warehouse)) as con:
            for table, columns in (
                ("silver__identity_decided_pairs", "a, b, 'keep_apart', 'kim', '2025-06-01', 'seen'"),
                ("silver__identity_stated_links", "a, b, 'manual', 'keep_apart', 0, null, 'rejected', ''"),
            ):
                con.execute(
                    f"insert into given.{table} select {columns} from (select unnest(?::varchar[]) as a, unnest(?::varchar[]) as b)",
                    [list(one), list(other)],
                )

    def run(self, *arguments: str) -> dict[str, float]:
        """Build all models; seconds of each."""
        paths = [
            "--project-dir",
            str(self.root),
            "--profiles-dir",
            str(self.root),
            "--target-path",
            str(self.root / "target"),
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            outcome = dbtRunner().invoke(["--quiet", "--log-path", str(self.root / "logs"), "run", *paths, *arguments])
        DuckDBConnectionManager.close_all_connections()
        assert outcome.success, outcome.exception or [(result.node.name, result.message) for result in outcome.result]
        return {result.node.name: result.execution_time for result in outcome.result}

    def clusters(self) -> set[frozenset[str]]:
        """The partition."""
        rows = self.query("select list(record_key) from silver.identity_map group by golden_customer_id")
        return {frozenset(keys) for (keys,) in rows}


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """One workbench for all tests: what dbt has parsed is kept. Clear it first."""
    return Workbench(tmp_path_factory.mktemp("bench"))
