"""What Dagster shows is what dbt has: every model an asset, every test a check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from ingestion.contracts import PROJECT_DIR


def _nodes(*kinds: str) -> dict[str, dict]:
    from orchestration.project import MANIFEST

    return {key: node for key, node in MANIFEST["nodes"].items() if node["resource_type"] in kinds}


def test_every_model_seed_and_landed_table_is_an_asset(flow):
    from orchestration.project import MANIFEST

    relations = {(node["schema"], node["name"]) for node in _nodes("model", "seed").values()}
    relations |= {(source["schema"], source["identifier"]) for source in MANIFEST["sources"].values()}
    graph = flow.defs.resolve_asset_graph()
    more = {("daily_facts",), ("marts_quality",), ("audit",), ("published",), ("alerts",)} | {
        ("days", name) for name in ("fct_scores", "entity_customers_daily", "fct_customer_daily_snapshot")
    }
    more |= {("reports", name) for name in ("at_risk_accounts", "health_changes", "retention")}
    assert {tuple(key.path) for key in graph.get_all_asset_keys()} == relations | more
    assert graph.unexecutable_asset_keys == set(), "no node of the graph is a mere name"


def test_every_dbt_test_of_a_model_is_an_asset_check(flow):
    tests = {key: node for key, node in _nodes("test").items() if not _is_on_source(node)}
    graph = flow.defs.resolve_asset_graph()
    checked = {graph.get_check_spec(key).metadata.get("dagster_dbt/unique_id") for key in graph.asset_check_keys}
    missing = sorted(tests.keys() - checked)
    assert not missing, "tests that Dagster does not show"


def test_check_over_several_models_belongs_to_the_last_of_them_to_be_built():
    from orchestration.translation import with_owners

    def node(kind: str, *parents: str, **more: object) -> dict:
        return {
            "resource_type": kind,
            "name": more.pop("name", ""),
            "depends_on": {"nodes": list(parents)},
            "config": {},
            **more,
        }

    nodes = {
        "model.early": node("model", name="early"),
        "model.late": node("model", "model.early", name="late"),
        "test.both": node("test", "model.late", "model.early"),
        "test.attached": node("test", "model.late", "model.early", attached_node="model.early"),
        "test.one": node("test", "model.early"),
    }
    nodes["test.told"] = node("test", "model.late", "model.early") | {
        "config": {"meta": {"dagster": {"ref": {"name": "early"}}}}
    }
    parent_map = {key: value["depends_on"]["nodes"] for key, value in nodes.items()}
    owned = with_owners({"nodes": nodes, "parent_map": parent_map})["nodes"]
    assert owned["test.both"]["config"]["meta"]["dagster"]["ref"] == {"name": "late"}
    assert owned["test.told"]["config"]["meta"]["dagster"]["ref"] == {"name": "early"}
    assert "meta" not in owned["test.attached"]["config"]
    assert "meta" not in owned["test.one"]["config"]


def _is_on_source(node: dict) -> bool:
    return all(parent.startswith("source.") for parent in node["depends_on"]["nodes"])


def test_a_failing_test_blocks_unless_it_only_warns(flow):
    graph = flow.defs.resolve_asset_graph()
    tests = _nodes("test")
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        if "dagster_dbt/unique_id" not in spec.metadata:
            continue
        severity = tests[spec.metadata["dagster_dbt/unique_id"]]["config"]["severity"].lower()
        assert spec.blocking == (severity == "error"), key


def test_groups_are_the_domains_and_every_asset_says_what_it_is_and_whose(flow):
    from orchestration.project import MANIFEST

    graph = flow.defs.resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups == {group["name"] for group in MANIFEST["groups"].values()} | {"landing", "release", "reports"}
    assert {graph.get(key).tags.get("layer") for key in graph.get_all_asset_keys()} == {
        *("landing", "connectors", "bronze", "silver", "gold", "entity", "metrics"),
        *("reference", "intelligence", "days", "release", "reports"),
    }
    assert [key for key in graph.get_all_asset_keys() if not graph.get(key).owners] == []
    assert "default" not in groups
    undescribed = [key for key in graph.get_all_asset_keys() if not (graph.get(key).description or "").strip()]
    assert not undescribed
    ledger = graph.get_check_spec(
        next(key for key in graph.asset_check_keys if key.name == "ledger_agrees_with_bronze")
    )
    assert (ledger.description or "").startswith("Wrong if the ledger")


def test_release_comes_after_every_table_it_holds(flow):
    from publishing.marts import PUBLISHED_SCHEMAS

    graph = flow.defs.resolve_asset_graph()
    inside = {key for key in graph.get_all_asset_keys() if key.path[0] in PUBLISHED_SCHEMAS}
    assert inside <= graph.get(dg.AssetKey("audit")).parent_keys
    # A check that fails while one of them is built keeps a release back that is asked for without the audit, too.
    assert inside | {dg.AssetKey("audit")} <= graph.get(dg.AssetKey("published")).parent_keys


@pytest.mark.parametrize(
    ("schema", "reader"),
    [
        ("identity", "silver.identity_stated_links"),
        ("texts", "silver.text_topics"),
        ("attribution", "gold.fct_attribution"),
        ("churn", "gold.fct_churn_predictions"),
        ("lifetime_value", "gold.fct_lifetime_value"),
    ],
)
def test_a_step_stands_between_what_it_reads_and_what_reads_it(flow, schema: str, reader: str):
    from orchestration.project import ASSETS, STEPS

    writes, reads = next((writes, reads) for writes, reads in STEPS.items() if writes[0].startswith(f"{schema}."))
    graph = flow.defs.resolve_asset_graph()
    written = ASSETS[writes[0]]
    assert written == dg.AssetKey(writes[0].split("."))
    assert {graph.get(ASSETS[table]).tags["layer"] for table in writes} == {"intelligence"}
    assert {graph.get(ASSETS[table]).group_name for table in writes} == {graph.get(ASSETS[reader]).group_name}
    assert graph.get(written).parent_keys == {ASSETS[table] for table in reads}
    assert ASSETS[reader] in {key for table in writes for key in graph.get(ASSETS[table]).child_keys}


@pytest.mark.slow
def test_the_steps_of_dbt_together_run_every_test_once(flow):
    """dbt runs a test in the step that it is a check of, and unit tests, which are no checks, once as well."""
    import json
    from collections import Counter

    from dagster._core.definitions.dependency import NodeHandle
    from dbt.cli.main import dbtRunner

    from ingestion.contracts import PROJECT_DIR
    from orchestration.parts import Part, part_of_run
    from orchestration.project import MANIFEST, STAGES, TABLES
    from tests.python.parsed_project import parsed_project

    def listed(*selection: str) -> list[str]:
        place = [
            "--project-dir",
            str(PROJECT_DIR),
            "--profiles-dir",
            str(PROJECT_DIR),
            "--quiet",
            "--log-level",
            "none",
        ]
        answer = dbtRunner(project).invoke(["ls", "--output", "json", "--output-keys", "unique_id", *selection, *place])
        assert answer.success, answer.exception
        names = [json.loads(line)["unique_id"] for line in answer.result]
        return [name for name in names if name.split(".")[0] != "source"]

    project = parsed_project()
    job = flow.defs.resolve_job_def("refresh_everything")
    run: list[str] = []
    for step in (node.name for node in job.nodes if node.name.startswith("dbt_build")):
        made = job.asset_layer.get_assets_def_for_node(NodeHandle(step, None))
        nodes = [made.get_asset_spec(key).metadata["dagster_dbt/unique_id"] for key in made.keys]
        tables = {TABLES[key] for key in made.keys}
        seeds = any(table.startswith("reference.") for table in tables)
        part = Part() if seeds else part_of_run(tables, STAGES)
        selected = listed(
            "--select", " ".join(".".join(MANIFEST["nodes"][node]["fqn"]) for node in nodes), *part.arguments
        )
        checks = {spec.metadata["dagster_dbt/unique_id"] for spec in made.check_specs}
        assert {name for name in selected if name.startswith("test.")} == checks
        run += selected
    assert Counter(run) == Counter(listed())


def test_what_is_set_for_a_run_is_set_once_for_all_of_its_steps(flow):
    fields = flow.defs.resolve_job_def("refresh_everything").run_config_schema.config_type.fields
    assert set(fields["resources"].config_type.fields) >= {"options"}
    assert not fields["ops"].is_required


def test_steps_that_open_the_warehouse_wait_for_one_another(flow):
    job = flow.defs.resolve_job_def("refresh_everything")
    outside = {node.name for node in job.nodes if node.definition.pools != {"duckdb_writer"}}
    assert outside == {"alerts"}, "which reads the release only"
    holding = {node.name for node in job.nodes if "data" in node.definition.required_resource_keys}
    assert holding == {node.name for node in job.nodes} - outside, "for other runs of Dagster, and for the command line"


def test_start_makes_its_own_home_without_telemetry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from orchestration.__main__ import environment

    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    made = environment()
    assert Path(made["DAGSTER_HOME"]) == tmp_path / "data" / "dagster"
    settings = yaml.safe_load((tmp_path / "data" / "dagster" / "dagster.yaml").read_text())
    assert settings["telemetry"]["enabled"] is False
    assert settings["concurrency"]["pools"] == {"granularity": "run", "default_limit": 1}
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert Path(made["DBT_TARGET_PATH"]).is_absolute()


def test_settings_of_a_home_of_ones_own_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from orchestration.__main__ import environment

    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert environment()["DAGSTER_HOME"] == str(tmp_path)
    assert (tmp_path / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


PREPARE = """
import json, sys, time
from pathlib import Path
from types import SimpleNamespace
from orchestration import manifest

def read(arguments, folder):
    Path(sys.argv[1]).open("a").write("read\\n")
    with (manifest.target_path("definitions") / "manifest.json").open("w") as file:
        for half in ("{", "}"):
            file.write(half)
            file.flush()
            time.sleep(1)
    return SimpleNamespace(succeeded=True)

manifest.run_dbt = read
json.loads(manifest.prepared_manifest().read_text())
"""


def test_processes_that_find_the_manifest_old_at_once_write_it_once_and_find_it_whole(tmp_path: Path):
    environment = {**os.environ, "DBT_TARGET_PATH": str(tmp_path / "target"), "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PREPARE, str(tmp_path / "reads")]
    started = [subprocess.Popen(command, cwd=PROJECT_DIR, env=environment) for _ in range(3)]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    assert (tmp_path / "reads").read_text() == "read\n"


def test_manifest_is_parsed_anew_only_if_a_file_is_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from command_line.pipeline import DbtOutcome
    from orchestration import manifest
    from publishing.release import Checks

    calls: list[list[str]] = []

    def refuse(arguments: list[str], _: Path) -> DbtOutcome:
        calls.append(arguments)
        return DbtOutcome(False, Checks(0), ["models/broken.sql: what dbt says"])

    path = tmp_path / "manifest.json"
    path.write_text("{}")
    read_at = path.stat().st_mtime
    monkeypatch.setattr(manifest, "target_path", lambda _: tmp_path)
    monkeypatch.setattr(manifest, "run_dbt", refuse)
    monkeypatch.setattr(manifest, "_times_of_change", lambda: iter([read_at - 1]))
    assert manifest.prepared_manifest() == path
    assert calls == []
    monkeypatch.setattr(manifest, "_times_of_change", lambda: iter([read_at - 1, read_at + 1]))
    with pytest.raises(manifest.ProjectError, match="what dbt says"):
        manifest.prepared_manifest()
    assert calls == [["parse", "--write-json", "--target-path", str(tmp_path)]]
