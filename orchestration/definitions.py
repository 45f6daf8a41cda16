"""What Dagster loads: the flow of `customer-analytics run` as assets, with jobs, schedules and a sensor on the landing folder."""

from __future__ import annotations

import dagster as dg

from orchestration.automation import jobs, schedules
from orchestration.daily_facts import daily_facts, days_assets
from orchestration.data_folder import DataFolder
from orchestration.dbt_build import dbt_build
from orchestration.landing import landing
from orchestration.landing_sensor import landing_files
from orchestration.options import RunOptions
from orchestration.project import DBT
from orchestration.python_steps import learning, match_records, reading
from orchestration.quality import marts_quality
from orchestration.release import audit, published
from orchestration.telling import alerts, reports

defs = dg.Definitions(
    assets=[
        *(landing, dbt_build, reading, match_records, *learning),
        *(daily_facts, *days_assets, marts_quality, audit, published),
        *(alerts, *reports),
    ],
    jobs=jobs,
    schedules=schedules,
    sensors=[landing_files],
    resources={"data": DataFolder(), "dbt": DBT, "options": RunOptions()},
    # Steps wait for one another anyway (one warehouse file), so a process for each would only cost time.
    executor=dg.in_process_executor,
)
