"""Why accounts leave: the one formula, with its coefficients.

A month's probability that an account gives notice is `1 - (1 - logistic(sum of terms)) * (1 - OUTSIDE)`. Each
term is a coefficient times something about the account; `TERMS` says which of these an observer can see at all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.settings import Array

#: Log-odds of a month for a typical account, by tier (SMB, Mid-Market, Enterprise).
BASE = (-4.8, -5.2, -5.8)
#: Probability a month of leaving for reasons outside (bought up, insolvent): no trace in any record.
OUTSIDE = 0.0035

#: term -> (coefficient, how it can be seen)
TERMS: dict[str, tuple[float, str]] = {
    "poor_fit": (0.55, "faintly, in usage, survey marks and requests for features"),
    "poor_onboarding": (2.2, "in features adopted and early tickets"),
    "price_rise": (1.8, "through the date of the list-price rise, and in talk about the price"),
    "champion_lost": (1.3, "the most active login is switched off and no champion comes to meetings"),
    "disengaged": (0.75, "in the amount of use, and in missed meetings and missing answers"),
    "usage_drop": (0.9, "in the amount of use of the last four months"),
    "open_urgent_tickets": (0.55, "in the tickets"),
    "failed_payments": (0.6, "in the payments of the last two months"),
    "broken_features": (0.35, "in error events of the month before"),
    "renewal_month": (1.3, "in the end of the paid period (quarterly and yearly contracts)"),
    "within_contract": (-1.1, "in the end of the paid period (quarterly and yearly contracts)"),
    "hidden_pull": (1.5, "faintly, in the talk with our team: another vendor is named more often"),
    "locked_in": (-2.6, "not at all: such accounts use little, complain much, and stay"),
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
