"""dbt's seeds and models as assets, with every dbt test as a check."""

import json
import os
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from command_line.pipeline import WITHOUT_UNIT_TESTS, DbtOutcome, remember_run
from ingestion.dbt_plugin import BUILD_PART, END_WITH
from orchestration.costs import keep_results
from orchestration.data_folder import DataFolder
from orchestration.manifest import spare_parsing, target_path
from orchestration.options import RunOptions
from orchestration.parts import Part, part_of_run
from orchestration.project import ASSETS, MANIFEST, POOL, STAGES, STEPS, TABLES, TRANSLATOR, began
from orchestration.table_facts import with_table_facts
from publishing.release import Checks


# `project` is left out on purpose: with it, dagster-dbt copies the whole folder, data and all, to /tmp for every selection of more
# than 200 nodes.
@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, pool=POOL)
def dbt_build(
    context: dg.AssetExecutionContext, data: DataFolder, dbt: DbtCliResource, options: RunOptions
) -> Iterator[Any]:
    """Everything from the connectors to what is published, with every dbt test as a check: `dbt build`.

    Dagster makes steps of it: the seeds, what the text and matching steps read, what the steps that learn read, and the rest.
    """
    folder = data.folder
    os.environ["DATA_DIR"] = str(folder)
    arguments = ["build", *WITHOUT_UNIT_TESTS] + (["--full-refresh"] if options.full_refresh else [])
    arguments += ["--vars", json.dumps(options.variables)] if options.variables else []
    part = _part(context)
    os.environ[BUILD_PART], os.environ[END_WITH] = part.name, str(os.getpid())
    try:
        spare_parsing(target_path("build"))
        invocation = dbt.cli([*arguments, *part.arguments], context=context, target_path=target_path("build"))
    finally:
        del os.environ[BUILD_PART], os.environ[END_WITH]
    try:
        yield from with_table_facts(
            invocation.stream(), folder, invocation.target_path, context.log, options.seconds_for_lineage
        )
    except Exception:
        failed = DbtOutcome(False, Checks(0), [f"the build in Dagster's run {context.run.run_id} failed"])
        remember_run(folder, began(context), failed, release_id=None)
        raise
    finally:
        keep_results(invocation.target_path / "run_results.json", context.run.run_id, part.name)


def _part(context: dg.AssetExecutionContext) -> Part:
    """Which part of a run over all models the step is: with the Python steps, or without any.

    The seeds, which Dagster builds before, are a build of their own, and so is every other selection.
    """
    in_run = context.job_def.asset_layer.selected_asset_keys
    made = {TABLES[key] for key in context.selected_asset_keys}
    steps = {ASSETS[table] for writes in STEPS for table in writes}
    with_seeds = any(table.startswith("reference.") for table in made)
    if not in_run >= dbt_build.keys | steps or with_seeds:
        return Part()
    return part_of_run(made, STAGES)
