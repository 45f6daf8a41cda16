"""Companies whose accounts leave by a known law, for judging what is learnt of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

#: The last day of the observations.
AS_OF = pd.Timestamp("2026-06-30")


def company(
    accounts: int, weeks: int = 52, *, seed: int = 1, effect: float = 1.0, rule_effect: float = 0.5
) -> pd.DataFrame:
    """Observations of accounts that leave by `logit(p of 30 days) = -3.2 + effect * (1.2 bad + 0.8 late - 0.6 happy)`.

    `bad`, `late` and `happy` are standard normal and drift slowly, `noise` and `colour` say nothing. The churn risk by rule sees the same, blurred.
    `true_log_odds` is kept for judging and has to be dropped before learning.
    """
    rng = np.random.default_rng(seed)
    days = [AS_OF - pd.Timedelta(weeks=week) for week in range(weeks, -1, -1)]
    state = rng.normal(size=(accounts, 3))
    gone = np.full(accounts, len(days))
    rows = []
    for at, day in enumerate(days):
        state = 0.95 * state + np.sqrt(1 - 0.95**2) * rng.normal(size=state.shape)
        log_odds = -3.2 + effect * (1.2 * state[:, 0] + 0.8 * state[:, 1] - 0.6 * state[:, 2])
        here = np.flatnonzero(gone > at)
        rows.append(
            pd.DataFrame(
                {
                    "customer_id": [f"acc-{account:05d}" for account in here],
                    "date_day": day,
                    "bad": state[here, 0],
                    "late": np.where(rng.random(len(here)) < 0.1, np.nan, state[here, 1]),
                    "happy": state[here, 2],
                    "noise": rng.normal(size=len(here)),
                    "colour": rng.choice(["red", "green", "blue"], len(here)),
                    "customer_tier": rng.choice(["SMB", "Enterprise"], len(here)),
                    "tenure_days": 7 * at + 30,
                    "true_log_odds": log_odds[here],
                    "churn_risk_score": np.clip(
                        30 + 10 * rule_effect * log_odds[here] + 10 * rng.normal(size=len(here)), 0, 100
                    ),
                }
            )
        )
        leaves = rng.random(accounts) < 1 - (1 - expit(log_odds)) ** (7 / 30)
        gone = np.where(leaves & (gone > at), at + 1, gone)
    table = pd.concat(rows, ignore_index=True)
    week_gone = dict(zip((f"acc-{account:05d}" for account in range(accounts)), gone, strict=True))
    left_on = table["customer_id"].map(lambda name: days[week_gone[name]] if week_gone[name] < len(days) else pd.NaT)
    table["decides_in_days"] = (left_on - table["date_day"]).dt.days
    table["leaves_in_days"] = table["decides_in_days"]
    table["days_followed"] = (AS_OF - table["date_day"]).dt.days
    return table


@pytest.fixture(scope="session")
def thousand() -> pd.DataFrame:
    """A company of a thousand accounts over a year."""
    return company(1_000)
