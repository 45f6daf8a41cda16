"""What Dagster loads: the flow of `customer-analytics run` as assets, a job over all of it, and a daily schedule."""

from __future__ import annotations

import dagster as dg

from orchestration.assets import (
    DBT,
    RunOptions,
    dbt_build,
    landing,
    learning,
    match_records,
    published,
    reading,
)

refresh_everything = dg.define_asset_job(
    "refresh_everything",
    selection=dg.AssetSelection.all(),
    description="Load what is new, match, build, check and release: the same as `customer-analytics run`.",
)

# Stopped until somebody switches it on in the UI: a laptop that shows the flow should not start working at night.
every_morning = dg.ScheduleDefinition(
    name="every_morning",
    job=refresh_everything,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="05:00 UTC, so that the release is out before the working day in Europe.",
)

defs = dg.Definitions(
    assets=[landing, dbt_build, reading, match_records, *learning, published],
    jobs=[refresh_everything],
    schedules=[every_morning],
    resources={"dbt": DBT, "options": RunOptions()},
    # Steps wait for one another anyway (one warehouse file), so a process for each would only cost time.
    executor=dg.in_process_executor,
)
