"""Next best action among accounts whose answers are planted: the estimate beats chance, and its interval covers what ways of choosing really bring."""

from __future__ import annotations

import numpy as np

from intelligence.actions.policy_value import PolicyValue, policy_value

EXPLORED = 0.1
#: What share of departures each action really averts, and what is thought of it; the first is no action.
TRUE_RATE = np.array([0.0, 0.35, 0.25, 0.10, 0.05])
BELIEVED_RATE = np.array([0.0, 0.25, 0.25, 0.15, 0.10])
COST = np.array([0.0, 150.0, 300.0, 100.0, 50.0])
ACTIONS = len(COST)


def estimates(count: int, seed: int) -> dict[str, tuple[PolicyValue, float]]:
    """For each way of choosing its estimate from a log of `count` decisions, and what it really brings (US dollars a decision).

    Accounts leave with a chance that is known only roughly; what they pay is there or gone, as in metrics.action_outcomes.
    """
    rng = np.random.default_rng(seed)
    rows = np.arange(count)
    leaving, margin = rng.beta(0.8, 8, count), np.exp(rng.normal(9, 0.8, count))
    believed = np.clip(leaving * np.exp(0.4 * rng.normal(size=count)), 0, 1)
    stays = 1 - leaving[:, None] * (1 - TRUE_RATE)
    expected = (1 - believed[:, None] * (1 - BELIEVED_RATE)) * margin[:, None] - COST
    best = np.zeros((count, ACTIONS))
    best[rows, expected.argmax(axis=1)] = 1
    chance = np.full((count, ACTIONS), 1 / ACTIONS)
    propensities = (1 - EXPLORED) * best + EXPLORED * chance
    chosen = (propensities.cumsum(axis=1) > rng.random(count)[:, None]).argmax(axis=1)
    rewards = np.where(rng.random(count) < stays[rows, chosen], margin, 0.0) - COST[chosen]
    truth = stays * margin[:, None] - COST

    def value(policy: np.ndarray, over: np.ndarray | None = None) -> tuple[PolicyValue, float]:
        estimate = policy_value(chosen, rewards, propensities, policy, expected=expected, over=over)
        return estimate, float(((policy - (0 if over is None else over)) * truth).sum(axis=1).mean())

    return {"best": value(best), "chance": value(chance), "best over chance": value(best, over=chance)}


def test_the_intervals_cover_what_is_true() -> None:
    covered = dict.fromkeys(("best", "chance", "best over chance"), 0)
    for seed in range(200):
        for name, (estimate, truth) in estimates(4_000, seed).items():
            covered[name] += estimate.low <= truth <= estimate.high
    # Of 200 intervals of 95 %, 183 or fewer cover once in 1,000 times.
    assert min(covered.values()) >= 180


def test_the_best_expected_value_beats_chance_by_the_estimate() -> None:
    draws = [estimates(40_000, seed)["best over chance"] for seed in range(1_000, 1_010)]
    assert all(truth > 0 for _, truth in draws)
    assert all(estimate.value > 0 for estimate, _ in draws)
    # Rewards are all or nothing of what an account pays: even 40,000 decisions leave a third of the intervals undecided.
    assert np.mean([estimate.low > 0 for estimate, _ in draws]) >= 0.5
