"""The Python steps between parts of dbt as assets: matching of records, texts, and the steps that learn."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from intelligence.identity import step as identity
from intelligence.identity.step import match_warehouse
from intelligence.learning import LEARNING
from intelligence.text import step as text
from intelligence.warehouse import Step
from orchestration.data_folder import DataFolder
from orchestration.options import RunOptions
from orchestration.project import ASSETS, POOL, RELATIONS, STEPS, TRANSLATOR, step_errors


def _specs(written: Sequence[str]) -> list[dg.AssetSpec]:
    """The tables that a Python step writes, each made of all that the step reads."""
    return [
        dg.AssetSpec(
            ASSETS[table],
            deps=[ASSETS[read] for read in STEPS[written]],
            description=RELATIONS[table]["description"],
            group_name=TRANSLATOR.get_group_name(RELATIONS[table]),
            owners=TRANSLATOR.get_owners(RELATIONS[table]),
            tags={"layer": "intelligence"},
            kinds={"python", "duckdb"},
        )
        for table in written
    ]


@dg.multi_asset(specs=_specs(identity.WRITES), pool=POOL)
def match_records(
    context: dg.AssetExecutionContext, data: DataFolder, options: RunOptions
) -> Iterator[dg.MaterializeResult]:
    """Finds records that are likely one person: `customer-analytics match`."""
    with step_errors(context):
        report = match_warehouse(
            data.warehouse,
            retrain=options.learns_anew("match_records"),
            progress=lambda words: context.log.info(words),
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
    @dg.multi_asset(name=step.asset, description=step.description, specs=_specs(step.writes), pool=POOL)
    def run(context: dg.AssetExecutionContext, data: DataFolder, options: RunOptions) -> Iterator[dg.MaterializeResult]:
        with step_errors(context):
            report = step.run(
                data.warehouse,
                retrain=options.learns_anew(step.asset),
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
