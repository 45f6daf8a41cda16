"""What may be set for one run."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import Field


class RunOptions(dg.ConfigurableResource):
    """What may be set for one run, in the launchpad, once for all of its steps."""

    full_refresh: bool = Field(default=False, description="Rebuild incremental tables, and learn all models anew.")
    retrain: list[str] = Field(
        default=[],
        description="Steps that learn their models anew, by name (predict_churn, …), whether or not it is time.",
    )
    variables: dict[str, Any] = Field(default={}, description="dbt variables, as with --vars.")
    seconds_for_lineage: float = Field(
        default=30,
        description="Time that each call of dbt may spend on tracing columns of models that are not traced yet; 0: none.",
    )

    def learns_anew(self, step: str) -> bool:
        """Whether a step forgets what it has learnt."""
        return self.full_refresh or step in self.retrain
