"""What another way of choosing actions would have brought, from a log of one that was really used.

The log must say with what probability each action was chosen (its propensity). Inverse propensity scoring weighs each outcome by how much more often
the other policy chooses its action; the doubly robust estimate starts from a model of outcomes and corrects it by the same weights, so that it is
right if either the propensities or the model are (Dudik, Langford and Li 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PolicyValue:
    """An estimate.

    Attributes:
        value: mean reward a decision.
        low: lower end of its interval.
        high: upper end of it.
        effective_decisions: how many decisions made by the policy itself would say as much (Kish 1965); few of them make any estimate a guess.
        unseen_share: share of the policy's choices that the log never made in their place (propensity 0): nothing can be said of those.
    """

    value: float
    low: float
    high: float
    effective_decisions: float
    unseen_share: float


def policy_value(
    chosen: npt.NDArray[np.int64],
    rewards: Array,
    propensities: Array,
    policy: Array,
    *,
    expected: Array | None = None,
    method: Literal["ips", "snips", "dr"] = "dr",
    confidence: float = 0.95,
    over: Array | None = None,
    groups: npt.NDArray[np.int64] | None = None,
) -> PolicyValue:
    """Value of a policy by a log, or by how much it is worth more than another one.

    Args:
        chosen: index of the action of each decision (decisions).
        rewards: what came of it (decisions).
        propensities: probabilities with which the logging policy chose each action (decisions x actions; rows add up to 1).
        policy: the same for the policy that is asked about.
        expected: rewards that a model expects of each action (decisions x actions), learnt on other rows than these; needed by `dr`.
        method: inverse propensity scoring, the same with weights that add up to 1, or doubly robust.
        confidence: of the interval, by the normal approximation.
        over: probabilities of a policy that the first is compared with (decisions x actions). The difference is told, decision by decision: its
            interval is much narrower than those of the two values. Not for `snips`.
        groups: number of the account of each decision, if there are several on one: what comes of it one week and the next is nearly the same, so
            they count as one piece of evidence (Liang and Zeger 1986).

    Raises:
        ValueError: shapes do not fit, probabilities are none, an action was chosen whose propensity is 0, or `dr` has no model.
    """
    count = len(chosen)
    _check(chosen, rewards, propensities, policy, expected, method)
    if over is not None:
        if method == "snips":
            raise ValueError("snips weighs each policy by itself, so it gives no difference: use ips or dr")
        _check(chosen, rewards, propensities, over, expected, method)
        policy = policy - over
    rows = np.arange(count)
    weights = policy[rows, chosen] / propensities[rows, chosen]
    if method == "snips":
        value = float(weights @ rewards / weights.sum()) if weights.sum() > 0 else float("nan")
        # Linearised ratio: what each decision moves it by.
        moves = weights * (rewards - value) / weights.mean() if weights.sum() > 0 else weights
    elif method == "dr" and expected is not None:
        moves = (policy * expected).sum(axis=1) + weights * (rewards - expected[rows, chosen])
        value = float(moves.mean())
        moves = moves - value
    else:
        value = float((weights * rewards).mean())
        moves = weights * rewards - value
    apart = moves if groups is None else np.bincount(np.unique(groups, return_inverse=True)[1], weights=moves)
    error = float(np.sqrt((apart**2).sum() * len(apart) / max(len(apart) - 1, 1)) / count)
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return PolicyValue(
        value,
        value - reach,
        value + reach,
        float(np.abs(weights).sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0,
        float(np.where(propensities <= 0, np.abs(policy), 0.0).sum() / count),
    )


def _check(
    chosen: npt.NDArray[np.int64],
    rewards: Array,
    propensities: Array,
    policy: Array,
    expected: Array | None,
    method: str,
) -> None:
    count = len(chosen)
    if count == 0:
        raise ValueError("there are no decisions in the log")
    if len(rewards) != count or propensities.shape != policy.shape or len(policy) != count:
        raise ValueError("chosen, rewards, propensities and policy must speak of the same decisions and actions")
    for name, table in (("propensities", propensities), ("policy", policy)):
        if (table < 0).any() or not np.allclose(table.sum(axis=1), 1, atol=1e-6):
            raise ValueError(f"{name}: probabilities must be at least 0 and add up to 1 for each decision")
    if (propensities[np.arange(count), chosen] <= 0).any():
        raise ValueError("an action was chosen whose propensity is 0, so its propensity is wrong")
    if method == "dr" and (expected is None or expected.shape != policy.shape):
        raise ValueError("the doubly robust estimate needs the rewards that a model expects of each action")
