"""The dbt project and the Python steps as Dagster sees them: which table is which asset, and what all of its steps share."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from command_line.pipeline import DbtOutcome, remember_run
from ingestion.contracts import PROJECT_DIR
from ingestion.dbt_plugin import data_dir
from intelligence.identity import step as identity
from intelligence.learning import LEARNING
from intelligence.text import step as text
from intelligence.warehouse import StepError, WarehouseInUseError
from orchestration.manifest import prepared_manifest
from orchestration.parts import Stage
from orchestration.translation import Translator, relations, with_owners, with_source_groups, with_steps
from publishing.release import Checks

#: Whoever writes the warehouse takes the one slot of this pool (dagster.yaml).
POOL = "duckdb_writer"
#: The Python steps that run between parts of dbt, by the stage they run in: tables written, and tables read for them.
STAGES: list[Stage] = [
    {identity.WRITES: identity.READS, text.STEP.writes: text.STEP.reads},
    {step.writes: step.reads for step in LEARNING},
]
STEPS: dict[Sequence[str], Sequence[str]] = {writes: reads for stage in STAGES for writes, reads in stage.items()}
MANIFEST_FOLDER = prepared_manifest().parent
MANIFEST = with_source_groups(
    with_owners(with_steps(json.loads((MANIFEST_FOLDER / "manifest.json").read_text()), STEPS))
)
TRANSLATOR = Translator()
TRANSLATOR.know_groups(MANIFEST)
#: What dbt knows of a table of the warehouse, and the asset it is, by schema.table.
RELATIONS = relations(MANIFEST)
ASSETS = {table: TRANSLATOR.get_asset_key(props) for table, props in RELATIONS.items()}
TABLES = {key: table for table, key in ASSETS.items()}
DBT = DbtCliResource(project_dir=str(PROJECT_DIR), dbt_executable=str(Path(sys.executable).with_name("dbt")))


def began(context: dg.AssetExecutionContext) -> datetime:
    """When the run of a step began, UTC."""
    started = context.instance.get_run_stats(context.run.run_id).start_time
    return datetime.fromtimestamp(started, UTC) if started else datetime.now(UTC)


def warehouse_in_use() -> dg.RetryRequested:
    """To be raised by a step that finds the warehouse in use: it is tried again for half an hour."""
    return dg.RetryRequested(max_retries=180, seconds_to_wait=10)


@contextmanager
def step_errors(context: dg.AssetExecutionContext) -> Iterator[None]:
    """A warehouse in use is waited for; any other error of a step ends the run, and the last release stays."""
    try:
        yield
    except WarehouseInUseError as error:
        raise warehouse_in_use() from error
    except StepError as error:
        failed = DbtOutcome(False, Checks(0), [str(error)])
        remember_run(data_dir().resolve(), began(context), failed, release_id=None)
        raise dg.Failure(str(error), allow_retries=False) from error
