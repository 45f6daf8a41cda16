"""Why accounts leave: the one formula, with its coefficients.

Accounts leave for what happens to them, and most of what happens leaves rows: the hazard of a month is made of the use, the
talks, the tickets and the bills as they were recorded before it, and of a rest that no record shows.

A month's probability that an account gives notice is `1 - (1 - logistic(sum of terms)) * (1 - OUTSIDE)`. Each
term is a coefficient times something about the account; `TERMS` says which of these an observer can see at all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.settings import Array

#: Log-odds of a month for a typical account, by tier (SMB, Mid-Market, Enterprise).
BASE = (-5.0, -5.4, -6.0)
#: Probability a month of leaving for reasons outside (bought up, insolvent): no trace in any record.
OUTSIDE = 0.0015

#: term -> (coefficient, how it can be seen)
TERMS: dict[str, tuple[float, str]] = {
    "poor_fit": (0.15, "faintly, in usage, survey marks and requests for features"),
    "poor_onboarding": (0.8, "in features adopted and early tickets"),
    "price_rise": (1.0, "through the date of the list-price rise, and in talk about the price"),
    "price_talk": (2.0, "in the talks of the last six months"),
    "champion_lost": (0.5, "the most active login is switched off and no champion comes to meetings"),
    "disengaged": (0.15, "in the amount of use, and in missed meetings and missing answers"),
    "usage_drop": (1.7, "in the days on which its logins were there, the last month beside the three before"),
    "absent": (0.8, "no login in the last month"),
    "bad_talks": (4.0, "in the talks of the last three months: missed, not answered, ended badly"),
    "open_urgent_tickets": (0.6, "in the tickets"),
    "escalations": (0.6, "in the tickets of the last month"),
    "failed_payments": (0.6, "in the payments of the last two months"),
    "broken_features": (0.3, "in error events of the month before"),
    "renewal_month": (1.0, "in the end of the paid period (quarterly and yearly contracts)"),
    "within_contract": (-1.0, "in the end of the paid period (quarterly and yearly contracts)"),
    "competitor_talk": (4.0, "in the talks of the last six months"),
    "hidden_pull": (0.3, "faintly, in the talk with our team: another vendor is named more often"),
    "locked_in": (-1.4, "not at all: such accounts use little, complain much, and stay"),
}


def terms(parts: Mapping[str, Array]) -> dict[str, Array]:
    """Contribution of every term to the log-odds.

    Args:
        parts: for each key of `TERMS` an array of one value an account (log-odds per unit are in `TERMS`).

    Returns:
        The same keys, each an array of coefficient times value.

    Raises:
        KeyError: when a term is missing.
    """
    return {name: coefficient * np.asarray(parts[name], dtype=float) for name, (coefficient, _) in TERMS.items()}


def monthly_probability(
    tier: Array, contributions: Mapping[str, Array], *, days: Array | int = 30
) -> tuple[Array, Array]:
    """Probabilities (0-1) that accounts give notice within `days` days.

    Args:
        tier: index of the tier of each account.
        contributions: what `terms` returned.
        days: length of the period, one for all or one an account; the formula speaks of 30 days and is scaled to it.

    Returns:
        (all reasons together, outside reasons alone), one value an account each.
    """
    log_odds = np.array(BASE)[tier] + np.sum(list(contributions.values()), axis=0)
    own = 1.0 / (1.0 + np.exp(-log_odds))
    share = days / 30.0
    outside = 1.0 - (1.0 - OUTSIDE) ** share
    return 1.0 - (1.0 - own) ** share * (1.0 - outside), np.broadcast_to(outside, log_odds.shape)


def main_cause(contributions: Mapping[str, Array], is_outside: Array) -> Array:
    """The name of the strongest term above its usual level for each account, or `outside_event`."""
    named = [name for name in TERMS if name not in ("renewal_month", "within_contract", "locked_in")]
    strength = np.stack([contributions[name] for name in named])
    found = np.array([*named, "no_single_cause"], dtype=object)[
        np.where(strength.max(axis=0) > 0.25, strength.argmax(axis=0), len(named))
    ]
    return np.where(is_outside, "outside_event", found)
