"""Materialising everything is `customer-analytics run`, and what fails its checks is not released."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import duckdb
import pandas
import pytest

from publishing.marts import ABOUT

pytestmark = pytest.mark.slow

WALL_CLOCK = {"loaded_at", "modified_ns", "published_at"}
# Compared to nine digits: threads add such numbers up in an order of their own, and the last digits show it.
FLOATING = ("DOUBLE", "FLOAT")


@pytest.fixture(scope="module")
def refreshed(flow):
    """The whole flow."""
    return flow.materialize()


@pytest.fixture(scope="module")
def matched(flow):
    """The flow from the landing folder to who is who: each kind of step in it but the release."""
    from orchestration.project import ASSETS

    landing = dg.AssetSelection.groups("landing")
    people = dg.AssetSelection.assets(ASSETS["silver.identity_clusters"]).upstream()
    result = flow.materialize((landing | people).required_multi_asset_neighbors())
    assert result.success
    return result


def _steps(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> list[str | None]:
    return [event.step_key for event in result.all_events if event.event_type == kind]


@pytest.mark.thorough
def test_everything_is_materialised_and_every_check_is_run(flow, refreshed):
    assert refreshed.success
    graph = flow.defs.resolve_asset_graph()
    made = {event.asset_key for event in refreshed.get_asset_materialization_events()}
    reports = {key for key in graph.get_all_asset_keys() if key.path[0] == "reports"}
    assert made == set(graph.get_all_asset_keys()) - reports, "the days of daily facts among them"
    evaluations = refreshed.get_asset_check_evaluations()
    assert {e.asset_check_key for e in evaluations} == set(graph.asset_check_keys)
    release = json.loads((flow.data_dir / "published" / "release.json").read_text())
    assert release["checks"]["passed"] == sum(e.passed for e in evaluations)
    last = json.loads((flow.data_dir / "last_run.json").read_text())
    assert last["release_id"] == release["release_id"]
    assert last["succeeded"] is True
    with duckdb.connect(str(flow.data_dir / "published" / "marts.duckdb"), read_only=True) as con:
        ((models, seconds),) = con.execute(
            "select count(distinct name), sum(seconds) from operations.model_runs where kind = 'model'"
        ).fetchall()
        assert models == sum(props["resource_type"] == "model" for props in _built_by_dbt())
        assert seconds > 0


def _built_by_dbt() -> list[dict]:
    from orchestration.project import MANIFEST

    return [
        node for node in MANIFEST["nodes"].values() if node["config"].get("materialized") not in ("ephemeral", "test")
    ]


def test_landing_step_loads_every_file_and_leaves_dbt_nothing_to_load(flow, matched):
    rows = {
        m.asset_key.path[1]: m.materialization.metadata["dagster/row_count"].value
        for m in matched.get_asset_materialization_events()
        if m.asset_key.path[0] == "landing"
    }
    files = [p for p in (flow.data_dir / "landing").rglob("*") if p.is_file() and not p.name.startswith(".")]
    assert rows["files"] == len(files)
    with duckdb.connect(str(flow.data_dir / "warehouse.duckdb"), read_only=True) as con:
        landed = con.execute(
            "select relation, sum(rows_landed - rows_unreadable) from landing.files where status = 'loaded' group by relation"
        ).fetchall()
        assert [(table, rows[table]) for table, _ in landed] == landed
        assert con.execute("select max(load_id) from landing.files").fetchall() == [(1,)]


def test_matching_runs_between_two_parts_of_the_build_and_says_what_it_found(flow, matched):
    from intelligence.identity.step import READS, WRITES
    from orchestration.project import ASSETS

    order = [event.asset_key for event in matched.get_asset_materialization_events()]
    links = ASSETS[WRITES[0]]
    assert max(order.index(ASSETS[table]) for table in READS) < order.index(links)
    assert order.index(links) < order.index(ASSETS["silver.identity_stated_links"])
    said = next(m for m in matched.get_asset_materialization_events() if m.asset_key == links).materialization.metadata
    assert said["records"].value >= 50
    assert said["changed"].value == said["records"].value
    assert said["model"].value.startswith("model_")
    with duckdb.connect(str(flow.data_dir / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from identity.probabilistic_links").fetchall() == [(said["links"].value,)]
        assert said["links"].value > 0


@pytest.mark.thorough
def test_published_tables_are_those_of_the_command_line(flow, refreshed, by_command_line: Path):
    with duckdb.connect() as con:
        con.execute(f"attach '{flow.data_dir / 'published' / 'marts.duckdb'}' as dagster (read_only)")
        con.execute(f"attach '{by_command_line / 'published' / 'marts.duckdb'}' as command_line (read_only)")
        # What a release says of itself, of its costs and of its checks is its own.
        listed = (
            "select schema_name, table_name from duckdb_tables() where database_name = ? "
            f"and schema_name not in ('operations', 'quality') and table_name not in {(*ABOUT,)} order by all"
        )
        tables = con.execute(listed, ["command_line"]).fetchall()
        assert con.execute(listed, ["dagster"]).fetchall() == tables
        assert {"gold", "entity", "metrics"} <= {schema for schema, _ in tables}
        for schema, table in tables:
            described = con.execute(f"select * from command_line.{schema}.{table} limit 0").description
            kinds = {f'"{name}"': str(kind) for name, kind, *_ in described if name not in WALL_CLOCK}
            exact = ", ".join(name for name, kind in kinds.items() if kind not in FLOATING)
            ours, theirs = (f"select {exact} from {side}.{schema}.{table}" for side in ("dagster", "command_line"))
            for one, other in ((ours, theirs), (theirs, ours)):
                assert con.execute(f"{one} except all {other} limit 3").fetchall() == [], f"{schema}.{table}"
            sums = ", ".join(name for name, kind in kinds.items() if kind in FLOATING)
            if sums:
                sides = (
                    f"select {sums} from {side}.{schema}.{table} order by {exact}"
                    for side in ("dagster", "command_line")
                )
                pandas.testing.assert_frame_equal(*(con.execute(side).df() for side in sides), rtol=1e-9, obj=table)


def _break_a_key(data_dir: Path) -> None:
    """A seed with a key that stands twice: `unique_together` on it must fail, whoever asks."""
    with duckdb.connect(str(data_dir / "warehouse.duckdb")) as con:
        con.execute("insert into reference.score_components select * from reference.score_components limit 1")


@pytest.mark.thorough
def test_release_alone_is_audited_first(flow, refreshed):
    before = json.loads((flow.data_dir / "published" / "release.json").read_text())
    _break_a_key(flow.data_dir)
    result = flow.materialize(dg.AssetSelection.keys("published"))
    assert not result.success
    assert "blocking check" in result.failure_data_for_node("published").user_failure_data.description
    assert json.loads((flow.data_dir / "published" / "release.json").read_text()) == before
    last = json.loads((flow.data_dir / "last_run.json").read_text())
    assert last["succeeded"] is False
    assert any("score_components" in problem for problem in last["problems"])


@pytest.mark.thorough
def test_check_that_fails_in_the_build_keeps_the_release_from_being_made(flow, refreshed):
    before = json.loads((flow.data_dir / "published" / "release.json").read_text())
    with duckdb.connect(str(flow.data_dir / "warehouse.duckdb")) as con:
        con.execute("insert into silver.accounts select * from silver.accounts")
    result = flow.materialize(dg.AssetSelection.keys("entity/entity_customers", "published"))
    assert not result.success
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert {e.severity for e in failed} == {dg.AssetCheckSeverity.ERROR}
    assert _steps(result, dg.DagsterEventType.STEP_FAILURE) == ["dbt_build"]
    assert "published" not in _steps(result, dg.DagsterEventType.STEP_START)
    assert json.loads((flow.data_dir / "published" / "release.json").read_text()) == before
    assert json.loads((flow.data_dir / "last_run.json").read_text())["succeeded"] is False


def test_check_that_fails_ends_the_step_that_built_the_table(flow, matched):
    from orchestration.project import ASSETS

    with duckdb.connect(str(flow.data_dir / "warehouse.duckdb")) as con:
        con.execute("update identity.probabilistic_links set match_probability = 2")
    result = flow.materialize(dg.AssetSelection.assets(ASSETS["silver.identity_stated_links"]))
    assert not result.success
    (failed,) = (e for e in result.get_asset_check_evaluations() if not e.passed)
    assert failed.severity == dg.AssetCheckSeverity.ERROR
    assert failed.check_name.startswith("within_")
    assert _steps(result, dg.DagsterEventType.STEP_FAILURE) == ["dbt_build"]
    assert json.loads((flow.data_dir / "last_run.json").read_text())["succeeded"] is False
