"""Which parts of the flow are refreshed how often: health every four hours, usage every day, churn every week.

All of it is stopped until somebody switches it on in the UI: a laptop that shows the flow should not start working at night.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from intelligence.churn import step as churn
from intelligence.lifetime_value import step as lifetime_value
from orchestration.daily_facts import daily_facts
from orchestration.dbt_build import dbt_build
from orchestration.landing import landing
from orchestration.python_steps import learning, match_records, reading
from orchestration.quality import marts_quality
from orchestration.release import audit, published
from orchestration.telling import alerts, report_key
from reporting.reports import REPORTS

#: A run whose process died is run again from its beginning (dagster.yaml says how often); one that a check or a step ended would end the same way.
RETRIED_IF_IT_DIED = {"dagster/retry_on_asset_or_op_failure": "false", "dagster/retry_strategy": "ALL_STEPS"}

_tables = [landing, dbt_build, daily_facts, marts_quality, audit, published, alerts]
#: Steps whose models the weekly job learns anew. By themselves they do so when their newest model is a week old.
LEARNT_WEEKLY = [step.asset for step in (churn.STEP, lifetime_value.STEP)]

refresh_health = dg.define_asset_job(
    "refresh_health",
    selection=dg.AssetSelection.assets(*_tables),
    description="Load what is new, build all tables, check, release, send alerts. Links of records, texts and models stay as they were found last.",
    tags={"cadence": "health", **RETRIED_IF_IT_DIED},
)
refresh_everything = dg.define_asset_job(
    "refresh_everything",
    selection=dg.AssetSelection.assets(*_tables, match_records, reading, *learning),
    description="The same with the Python steps: match records, read texts, credit channels, foretell, look for insights. `customer-analytics run`.",
    tags={"cadence": "usage", **RETRIED_IF_IT_DIED},
)
relearn_churn = dg.define_asset_job(
    "relearn_churn",
    selection=dg.AssetSelection.assets(*_tables, match_records, reading, *learning),
    config={"resources": {"options": {"config": {"retrain": LEARNT_WEEKLY}}}},
    description="The same, and learn the models of churn and lifetime value anew, whether or not they are old.",
    tags={"cadence": "churn", **RETRIED_IF_IT_DIED},
)

reports = {
    name: dg.define_asset_job(
        f"report_{name}",
        selection=dg.AssetSelection.assets(report_key(name)),
        description=f"Write the report {name} of the release that is out, and mail it.",
        tags={"cadence": kind.every, **RETRIED_IF_IT_DIED},
    )
    for name, kind in REPORTS.items()
}
#: When a report is written: after the daily release is out, UTC.
REPORTED = {"day": "30 6 * * *", "week": "30 6 * * 1", "month": "30 6 1 * *"}


def is_waiting(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether a run of the job waits in the queue. It will do all that another one would."""
    waiting = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
    return instance.get_runs_count(dg.RunsFilter(job_name=job, statuses=waiting)) > 0


def _schedule(name: str, job: dg.UnresolvedAssetJobDefinition, cron: str, description: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=description,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_waiting(context.instance, job.name):
            return dg.SkipReason(f"A run of {job.name} waits in the queue already.")
        return dg.RunRequest()

    return tick


schedules: Sequence[dg.ScheduleDefinition] = [
    _schedule("health_every_four_hours", refresh_health, "0 */4 * * *", "Every four hours, on the hour."),
    _schedule(
        "usage_daily",
        refresh_everything,
        "0 5 * * *",
        "05:00 UTC, so that the release is out before the working day in Europe.",
    ),
    _schedule("churn_weekly", relearn_churn, "0 2 * * 1", "02:00 UTC on Mondays."),
    *(
        _schedule(f"report_{name}", reports[name], REPORTED[kind.every], f"Every {kind.every} at 06:30 UTC.")
        for name, kind in REPORTS.items()
    ),
]
jobs = [refresh_health, refresh_everything, relearn_churn, *reports.values()]
