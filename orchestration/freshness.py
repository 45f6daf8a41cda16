"""How old a table may get before Dagster shows it in red: as old as two of its schedule's intervals, and in yellow from one and a quarter.

The daemon looks at it every half a minute, whether or not a schedule is switched on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg


def _within(interval: timedelta) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(fail_window=2 * interval, warn_window=1.25 * interval)


#: What has to be fresh every four hours (health), every day (usage) and every week (churn).
FOUR_HOURLY = _within(timedelta(hours=4))
DAILY = _within(timedelta(days=1))
WEEKLY = _within(timedelta(weeks=1))

#: Groups that tell of what changes slowly.
WEEKLY_GROUPS = ("churn", "lifetime_value")
#: Tables by which accounts are looked after during the day.
HEALTH_TABLES = (
    "gold.fct_scores",
    "gold.fct_score_reasons",
    "entity.entity_customers",
    "metrics.account_health_report",
)


def freshness_of(props: Mapping[str, Any], group: str | None) -> dg.FreshnessPolicy | None:
    """The policy of a table that readers get; those of the build are as fresh as what is made of them."""
    table = f"{props['schema']}.{props['name']}"
    if table in HEALTH_TABLES:
        return FOUR_HOURLY
    if props["schema"] not in ("gold", "entity", "metrics", "public"):
        return None
    return WEEKLY if group in WEEKLY_GROUPS else DAILY
