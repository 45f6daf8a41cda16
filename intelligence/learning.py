"""The Python steps that learn from what dbt has built, in the order in which they run. Each is run by the command line and by Dagster."""

from __future__ import annotations

from typing import Any

from intelligence.attribution import step as attribution
from intelligence.churn import step as churn
from intelligence.insights import step as insights
from intelligence.lifetime_value import step as lifetime_value
from intelligence.warehouse import Step

LEARNING: tuple[Step[Any], ...] = (attribution.STEP, churn.STEP, lifetime_value.STEP, insights.STEP)
