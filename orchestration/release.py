"""Audit and release: whether what was built may be published, and the release itself."""

from pathlib import Path

import dagster as dg

from command_line.pipeline import DbtOutcome, record_costs, remember_run, run_dbt
from orchestration.costs import parts_of_run
from orchestration.daily_facts import daily_facts
from orchestration.data_folder import DataFolder
from orchestration.dbt_build import dbt_build
from orchestration.freshness import FOUR_HOURLY
from orchestration.project import POOL, began
from orchestration.quality import judged_marts, marts_quality
from publishing.marts import PUBLISHED_SCHEMAS
from publishing.release import Checks, PublishError, publish

_BUILT = [key for key in dbt_build.keys if key.path[0] in PUBLISHED_SCHEMAS]
_IN_THIS_RUN, _BEFORE_THE_RELEASE = "in this run", "as the warehouse stood"


@dg.asset(
    deps=[*_BUILT, *daily_facts.keys, *marts_quality.keys],
    group_name="release",
    owners=["team:data-platform"],
    pool=POOL,
    kinds={"dbt"},
    tags={"layer": "release"},
)
def audit(context: dg.AssetExecutionContext, data: DataFolder) -> dg.MaterializeResult:
    """Decides whether this build may be published: it may if every blocking check passed.

    If the run has run every check of dbt's, what Dagster recorded of all checks is the audit; otherwise the warehouse is tested as it stands,
    since nobody knows what was built when. If it may not, the run ends here and readers keep the last release.
    """
    outcome, where = _audit(context, data.folder)
    for problem in outcome.problems:
        context.log.error(problem)
    if outcome.checks.failed:
        remember_run(data.folder, began(context), outcome, release_id=None)
        raise dg.Failure(
            f"Not to be published: {len(outcome.checks.failed)} blocking check(s) failed. Readers keep the last release; mend the data or the "
            "model and run again.",
            metadata={**_figures(outcome.checks), "failed": dg.MetadataValue.md(_listed(outcome.checks.failed))},
            allow_retries=False,
        )
    return dg.MaterializeResult(metadata={**_figures(outcome.checks), "audited": where, "nodes": outcome.nodes})


@dg.asset(
    deps=[audit, *_BUILT],
    group_name="release",
    owners=["team:data-platform"],
    pool=POOL,
    kinds={"duckdb", "parquet"},
    tags={"layer": "release"},
    freshness_policy=FOUR_HOURLY,
)
def published(context: dg.AssetExecutionContext, data: DataFolder) -> dg.MaterializeResult:
    """The release that BI tools, the API and the portal read: written whole, or not at all.

    It goes by the audit of its own run; without one, it audits the warehouse itself.
    """
    folder = data.folder
    outcome, where = _of_the_audit(context) or _audit(context, folder)
    # What dbt's steps of this run say they took; a release has it as well.
    outcome.parts += parts_of_run(context.run.run_id)
    record_costs(folder, began(context), outcome, "built")
    release = None
    try:
        release = publish(folder, outcome.checks)
    except PublishError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    finally:
        remember_run(folder, began(context), outcome, release.release_id if release else None)
    tables = "\n".join(f"| {name} | {rows:,} |" for name, rows in sorted(release.row_counts.items()))
    return dg.MaterializeResult(
        metadata={
            "release": release.release_id,
            "as_of": release.as_of,
            "load": release.load_id,
            "checks_passed": release.checks.passed,
            "checks_warned": len(release.checks.warned),
            "audited": where,
            "folder": dg.MetadataValue.path(folder / "published"),
            "rows": dg.MetadataValue.md("| table | rows |\n| --- | ---: |\n" + tables),
        }
    )


def _audit(context: dg.AssetExecutionContext, folder: Path) -> tuple[DbtOutcome, str]:
    checks = _checks_of_run(context)
    if checks:
        return DbtOutcome(not checks.failed, checks, nodes=len(dbt_build.keys) + checks.passed), _IN_THIS_RUN
    return run_dbt(["test"], folder).and_then(judged_marts(context, folder)), _BEFORE_THE_RELEASE


def _of_the_audit(context: dg.AssetExecutionContext) -> tuple[DbtOutcome, str] | None:
    """What the audit of this run found, or None if there was none."""
    event = context.instance.get_latest_materialization_event(audit.key)
    if event is None or event.run_id != context.run.run_id or event.asset_materialization is None:
        return None
    said = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    checks = Checks(int(str(said["passed"])), list(said["warned"]), [])
    return DbtOutcome(True, checks, nodes=int(str(said["nodes"]))), str(said["audited"])


def _figures(checks: Checks) -> dict[str, dg.MetadataValue]:
    return {"passed": dg.MetadataValue.int(checks.passed), "warned": dg.MetadataValue.json(checks.warned)}


def _listed(names: list[str]) -> str:
    return "\n".join(f"- `{name}`" for name in names)


def _checks_of_run(context: dg.AssetExecutionContext) -> Checks | None:
    """What the checks of this run said, or None unless every check of dbt's and of the published tables was run in it."""
    records = context.instance.get_records_for_run(
        context.run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    events = (record.event_log_entry.dagster_event for record in records)
    said = {
        event.asset_check_evaluation_data.asset_check_key: event.asset_check_evaluation_data
        for event in events
        if event
    }
    if not said or not said.keys() >= {spec.key for spec in (*dbt_build.check_specs, *marts_quality.check_specs)}:
        return None
    not_passed = [evaluation for evaluation in said.values() if not evaluation.passed]
    warned = sorted(e.check_name for e in not_passed if e.severity == dg.AssetCheckSeverity.WARN)
    failed = sorted(e.check_name for e in not_passed if e.severity == dg.AssetCheckSeverity.ERROR)
    return Checks(len(said) - len(not_passed), warned, failed)
