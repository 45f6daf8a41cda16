"""Great Expectations at the two boundaries, as asset checks: one for each kind of expectation, red if it blocks and yellow if it warns."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from command_line.pipeline import DbtOutcome
from data_quality.settings import LANDING, MARTS, read_settings
from orchestration.data_folder import DataFolder
from orchestration.dbt_build import dbt_build
from orchestration.project import POOL, step_errors
from publishing.marts import PUBLISHED_SCHEMAS

if TYPE_CHECKING:
    from data_quality.runner import QualityReport

_SHOWN = 20


def landing_checks() -> list[dg.AssetCheckSpec]:
    """What is expected of the files that come in; the landing step says whether it is so, and ends the run if a blocking one fails."""
    return _specs(LANDING, read_settings().rules["landing"], dg.AssetKey(["landing", "files"]))


def _specs(expectations: Iterable[str], rules: Mapping[str, Any], asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(name, asset=asset, description=rules[name].means) for name in expectations]


@dg.asset(
    deps=[key for key in dbt_build.keys if key.path[0] in PUBLISHED_SCHEMAS],
    check_specs=_specs(MARTS, read_settings().rules["marts"], dg.AssetKey("marts_quality")),
    group_name="release",
    owners=["team:data-platform"],
    pool=POOL,
    kinds={"greatexpectations"},
    tags={"layer": "release"},
)
def marts_quality(context: dg.AssetExecutionContext, data: DataFolder) -> dg.MaterializeResult:
    """Looks at the tables that are to be published, beside each other and beside the release that is out; the audit goes by what it finds."""
    from data_quality.runner import check_marts

    with step_errors(context):
        report = check_marts(data.folder)
    for said in report.remarks:
        context.log.warning(said)
    return dg.MaterializeResult(
        metadata=figures(report), check_results=list(check_results(report, MARTS, dg.AssetKey("marts_quality")))
    )


def figures(report: "QualityReport") -> dict[str, Any]:
    """What a boundary found, as metadata."""
    metadata: dict[str, Any] = {
        "expectations": len(report.results),
        "blocking": len(report.blocking),
        "warned": len(report.warnings),
    }
    if report.remarks:
        metadata["not_judged"] = dg.MetadataValue.json(report.remarks)
    return {**metadata, "page": dg.MetadataValue.path(report.page)} if report.page else metadata


def check_results(
    report: "QualityReport", expectations: Iterable[str], asset: dg.AssetKey
) -> Iterable[dg.AssetCheckResult]:
    """For each kind of expectation whether all tables, columns and files meet it. What could not be compared yet passes, and says so."""
    for name in expectations:
        results = [result for result in report.results if result.expectation == name]
        unmet = [result for result in results if result.success is False and not result.is_accepted]
        blocks = any(result.blocks for result in unmet)
        said = "\n".join(
            f"- {result.sentence}" for result in sorted(unmet, key=lambda result: not result.blocks)[:_SHOWN]
        )
        yield dg.AssetCheckResult(
            passed=not unmet,
            check_name=name,
            asset_key=asset,
            severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
            metadata={
                "looked_at": len(results),
                "not_comparable_yet": sum(result.success is None for result in results),
                "unmet": len(unmet),
                **({"found": dg.MetadataValue.md(said)} if said else {}),
            },
        )


def judged_marts(context: dg.AssetExecutionContext, folder: Path) -> DbtOutcome:
    """What the expectations of the published tables say, for an audit without a build before it."""
    from command_line.quality_commands import as_outcome
    from data_quality.runner import check_marts

    with step_errors(context):
        return as_outcome(check_marts(folder))
