"""The steps of the flow as assets: load the landing, build and check with dbt, read texts and match the records of people in between, release."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource, dbt_assets
from pydantic import Field

from command_line.pipeline import WITHOUT_UNIT_TESTS, DbtOutcome, remember_run, run_dbt
from ingestion.contracts import PROJECT_DIR, read_catalogue
from ingestion.dbt_plugin import BUILD_PART, data_dir
from ingestion.landing import ingest
from intelligence.identity import step as identity
from intelligence.identity.step import match_warehouse
from intelligence.learning import LEARNING
from intelligence.text import step as text
from intelligence.warehouse import Step, StepError, WarehouseInUseError
from orchestration.manifest import prepared_manifest, target_path
from orchestration.translation import Translator, is_landed, relations, with_owners, with_steps
from publishing.marts import PUBLISHED_SCHEMAS
from publishing.release import Checks, PublishError, publish

POOL = "duckdb_writer"
MANIFEST_FOLDER = prepared_manifest().parent
#: What each Python step writes, and what it reads for it.
STEPS: dict[Sequence[str], Sequence[str]] = {
    identity.WRITES: identity.READS,
    text.STEP.writes: text.STEP.reads,
    **{step.writes: step.reads for step in LEARNING},
}
MANIFEST = with_owners(with_steps(json.loads((MANIFEST_FOLDER / "manifest.json").read_text()), STEPS))
TRANSLATOR = Translator()
#: What dbt knows of a table of the warehouse, and the asset it is, by schema.table.
RELATIONS = relations(MANIFEST)
ASSETS = {table: TRANSLATOR.get_asset_key(props) for table, props in RELATIONS.items()}
DBT = DbtCliResource(project_dir=str(PROJECT_DIR), dbt_executable=str(Path(sys.executable).with_name("dbt")))


def _after(*tables: str) -> str:
    """dbt's selection of what is made of tables that a step writes."""
    return " ".join(f"source:{table}+" for table in tables)


#: Tables that the steps that learn write.
LEARNT = [table for step in LEARNING for table in step.writes]
#: A table of each part of a run that no other part builds.
PARTS = {"first": identity.READS[0], "middle": "silver.identity_stated_links", "last": "gold.fct_attribution"}
#: Which tests a part of a run runs: all that touch what it builds. `buildable`, the project's setting for selections, would leave those out of
#: parts that read what an earlier step has built; those that wait for the second part are kept from the first.
TESTS_OF_PART = {
    "": [],
    "first": [
        "--indirect-selection",
        "eager",
        "--exclude",
        _after(*identity.WRITES, *text.STEP.writes, *LEARNT),
    ],
    "middle": ["--indirect-selection", "eager", "--exclude", _after(*LEARNT)],
    "last": ["--indirect-selection", "eager"],
}


def _landed_tables() -> Iterator[dg.AssetSpec]:
    for source in MANIFEST["sources"].values():
        if is_landed(source):
            yield dg.AssetSpec(
                TRANSLATOR.get_asset_key(source),
                description=source["description"] or source["source_description"],
                group_name="landing",
                kinds={"file", "duckdb"},
                tags={"system": source["source_name"]},
            )


@dg.multi_asset(specs=list(_landed_tables()), pool=POOL)
def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Loads what is new in the landing folder: one asset for each table the loader keeps.

    dbt loads too, from within its own process, before its first model: whoever runs `dbt build` by hand gets the newest files.
    Here the same loader runs first, as a step with its own log, counts and failures; dbt then finds nothing new, except what
    arrives in the seconds between. Both take the file one after the other, because only one process may have it open.
    """
    folder = data_dir().resolve()
    mappings = os.environ.get("MAPPINGS_DIR")
    try:
        con = duckdb.connect(str(folder / "warehouse.duckdb"))
    except duckdb.IOException as error:
        raise dg.RetryRequested(max_retries=20, seconds_to_wait=3) from error
    with con:
        report = ingest(con, folder / "landing", read_catalogue(mappings_dir=Path(mappings) if mappings else None))
        for problem in report.problems:
            context.log.warning(problem)
        files = con.execute(
            "select relation, count(*) filter (where status = 'loaded'), count(*) filter (where status <> 'loaded'), "
            "sum(rows_unreadable), count(*) filter (where load_id = ?) from landing.files group by relation",
            [report.load_id if report.files_loaded + report.files_set_aside else -1],
        ).fetchall()
        by_table = {table: counts for table, *counts in files}
        whole = [sum(counts[i] for counts in by_table.values()) for i in range(4)]
        for key in sorted(context.selected_asset_keys):
            schema, table = key.path
            loaded, aside, unreadable, new = whole if table == "files" else by_table.get(table, (0, 0, 0, 0))
            rows = con.execute(f'select count(*) from {schema}."{table}"').fetchall()[0][0]
            counts = {"files_loaded": loaded, "files_set_aside": aside, "rows_unreadable": unreadable, "files_new": new}
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows, **counts})


class RunOptions(dg.ConfigurableResource):
    """What may be set for one run, in the launchpad, once for all of its steps."""

    full_refresh: bool = Field(default=False, description="Rebuild incremental tables.")
    variables: dict[str, Any] = Field(default={}, description="dbt variables, as with --vars.")


# `project` is left out on purpose: with it, dagster-dbt copies the whole folder, data and all, to /tmp for every selection of more
# than 200 nodes.
@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, pool=POOL)
def dbt_build(context: dg.AssetExecutionContext, dbt: DbtCliResource, options: RunOptions) -> Iterator[Any]:
    """Everything from the connectors to what is published, with every dbt test as a check: `dbt build`.

    Dagster makes steps of it: the seeds, what the text and matching steps read, what the steps that learn read, and the rest.
    """
    folder = data_dir().resolve()
    os.environ["DATA_DIR"] = str(folder)
    arguments = ["build", *WITHOUT_UNIT_TESTS] + (["--full-refresh"] if options.full_refresh else [])
    arguments += ["--vars", json.dumps(options.variables)] if options.variables else []
    part = _part(context)
    os.environ[BUILD_PART] = part
    try:
        invocation = dbt.cli([*arguments, *TESTS_OF_PART[part]], context=context, target_path=target_path("build"))
    finally:
        del os.environ[BUILD_PART]
    try:
        yield from invocation.stream()
    except Exception:
        failed = DbtOutcome(False, Checks(0), [f"the build in Dagster's run {context.run.run_id} failed"])
        remember_run(folder, _began(context), failed, release_id=None)
        raise


def _part(context: dg.AssetExecutionContext) -> str:
    """Which part of a run over everything the step is: up to what the first steps read, up to what the steps that learn read, or the rest.

    The seeds, which Dagster builds in a step before, and a selection of somebody's own are builds of their own.
    """
    selected = context.run.asset_selection
    whole = not selected or selected >= dbt_build.keys
    for part, table in PARTS.items():
        if whole and ASSETS[table] in context.selected_asset_keys:
            return part
    return ""


def _step_assets(written: Sequence[str]) -> list[dg.AssetSpec]:
    """The tables that a Python step writes, each made of all that the step reads."""
    return [
        dg.AssetSpec(
            ASSETS[table],
            deps=[ASSETS[read] for read in STEPS[written]],
            description=RELATIONS[table]["description"],
            group_name="intelligence",
            kinds={"python", "duckdb"},
        )
        for table in written
    ]


@dg.multi_asset(
    specs=_step_assets(identity.WRITES),
    pool=POOL,
)
def match_records(context: dg.AssetExecutionContext, options: RunOptions) -> Iterator[dg.MaterializeResult]:
    """Finds records that are likely one person: `customer-analytics match`."""
    folder = data_dir().resolve()
    with _step_errors(context):
        report = match_warehouse(
            folder / "warehouse.duckdb", retrain=options.full_refresh, progress=lambda words: context.log.info(words)
        )
    metadata: dict[str, int | float | str | bool] = {
        "records": report.records,
        "changed": report.changed,
        "pairs": report.pairs,
        "links": report.links,
        "model": report.model_id or "none: too few records",
        "learnt": report.trained,
        "seconds": round(sum(report.seconds.values()), 1),
    }
    rows = {"probabilistic_links": report.links, "models": 1 if report.model_id else 0}
    for table in identity.WRITES:
        count = rows[table.split(".")[1]]
        yield dg.MaterializeResult(asset_key=ASSETS[table], metadata={**metadata, "dagster/row_count": count})


def _step_asset(step: Step[Any]) -> dg.AssetsDefinition:
    @dg.multi_asset(name=step.asset, description=step.description, specs=_step_assets(step.writes), pool=POOL)
    def run(context: dg.AssetExecutionContext, options: RunOptions) -> Iterator[dg.MaterializeResult]:
        with _step_errors(context):
            report = step.run(
                data_dir().resolve() / "warehouse.duckdb",
                retrain=options.full_refresh,
                progress=lambda words: context.log.info(words),
            )
        metadata: dict[str, Any] = {**report.figures, "seconds": round(report.seconds, 1)}
        if report.page:
            metadata["page"] = dg.MetadataValue.path(report.page)
        for table in step.writes:
            yield dg.MaterializeResult(asset_key=ASSETS[table], metadata=metadata)

    return run


#: An asset for the step that reads texts, and for each step that learns.
reading = _step_asset(text.STEP)
learning = [_step_asset(step) for step in LEARNING]


@contextmanager
def _step_errors(context: dg.AssetExecutionContext) -> Iterator[None]:
    """A warehouse in use is waited for; any other error of a step ends the run, and the last release stays."""
    try:
        yield
    except WarehouseInUseError as error:
        raise dg.RetryRequested(max_retries=20, seconds_to_wait=3) from error
    except StepError as error:
        remember_run(data_dir().resolve(), _began(context), DbtOutcome(False, Checks(0), [str(error)]), release_id=None)
        raise dg.Failure(str(error), allow_retries=False) from error


@dg.asset(
    deps=[key for key in dbt_build.keys if key.path[0] in PUBLISHED_SCHEMAS],
    group_name="published",
    pool=POOL,
    kinds={"duckdb", "parquet"},
)
def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The release that BI tools, the API and the portal read: written whole, or not at all.

    It is released only if every blocking check passed. If this run has built everything, its own checks are the audit, as
    Dagster recorded them; otherwise the warehouse is tested as it stands, since nobody knows what was built when.
    """
    folder = data_dir().resolve()
    checks = _checks_of_run(context)
    outcome = (
        DbtOutcome(not checks.failed, checks, nodes=len(dbt_build.keys) + checks.passed)
        if checks
        else run_dbt(["test"], folder)
    )
    for problem in outcome.problems:
        context.log.error(problem)
    release = None
    try:
        release = publish(folder, outcome.checks)
    except PublishError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    finally:
        remember_run(folder, _began(context), outcome, release.release_id if release else None)
    tables = "\n".join(f"| {name} | {rows:,} |" for name, rows in sorted(release.row_counts.items()))
    return dg.MaterializeResult(
        metadata={
            "release": release.release_id,
            "as_of": release.as_of,
            "load": release.load_id,
            "checks_passed": release.checks.passed,
            "checks_warned": len(release.checks.warned),
            "audited": "in this run" if checks else "before the release",
            "folder": dg.MetadataValue.path(folder / "published"),
            "rows": dg.MetadataValue.md("| table | rows |\n| --- | ---: |\n" + tables),
        }
    )


def _began(context: dg.AssetExecutionContext) -> datetime:
    started = context.instance.get_run_stats(context.run.run_id).start_time
    return datetime.fromtimestamp(started, UTC) if started else datetime.now(UTC)


def _checks_of_run(context: dg.AssetExecutionContext) -> Checks | None:
    """What the checks of this run said, or None unless every check there is was run in it."""
    records = context.instance.get_records_for_run(
        context.run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    events = (record.event_log_entry.dagster_event for record in records)
    said = {
        event.asset_check_evaluation_data.asset_check_key: event.asset_check_evaluation_data
        for event in events
        if event
    }
    if not said or not said.keys() >= {spec.key for spec in dbt_build.check_specs}:
        return None
    not_passed = [evaluation for evaluation in said.values() if not evaluation.passed]
    warned = sorted(e.check_name for e in not_passed if e.severity == dg.AssetCheckSeverity.WARN)
    failed = sorted(e.check_name for e in not_passed if e.severity == dg.AssetCheckSeverity.ERROR)
    return Checks(len(said) - len(not_passed), warned, failed)
