"""Off-line estimates beside the truth of a simulated log: no bias, intervals that cover, and a word where the log is silent."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from scipy.special import expit, softmax

from intelligence.actions.policy_value import policy_value

ACTIONS = 4


def log(count: int, seed: int) -> tuple[np.ndarray, ...]:
    """A log of decisions: context, chosen, rewards, propensities, the policy asked about, and the true chance of a reward for each action."""
    rng = np.random.default_rng(seed)
    context = rng.normal(size=(count, 3))
    taste = np.random.default_rng(0).normal(size=(3, ACTIONS))
    chance = expit(context @ taste - 0.5)
    propensities = 0.8 * softmax(context @ taste[:, ::-1], axis=1) + 0.2 / ACTIONS
    chosen = (rng.random(count)[:, None] > propensities.cumsum(axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
    rewards = (rng.random(count) < chance[np.arange(count), chosen]).astype(float)
    policy = np.full((count, ACTIONS), 0.05)
    policy[np.arange(count), chance.argmax(axis=1)] = 1 - 0.05 * (ACTIONS - 1)
    return context, chosen, rewards, propensities, policy, chance


TRUTH = float((log(400_000, 99)[4] * log(400_000, 99)[5]).sum(axis=1).mean())


@pytest.mark.parametrize("method", ["ips", "snips", "dr"])
def test_intervals_cover_the_truth_as_often_as_they_say(method: Literal["ips", "snips", "dr"]) -> None:
    found = []
    for seed in range(200):
        _, chosen, rewards, propensities, policy, chance = log(1_500, seed)
        # a model that is wrong: it shrinks everything to the middle
        expected = 0.5 * chance + 0.2
        found.append(policy_value(chosen, rewards, propensities, policy, expected=expected, method=method))
    assert np.mean([one.value for one in found]) == pytest.approx(TRUTH, abs=0.006)
    covered = np.mean([one.low <= TRUTH <= one.high for one in found])
    assert 0.90 <= covered <= 0.99


def test_a_better_policy_is_seen_to_be_better_than_chance() -> None:
    _, chosen, rewards, propensities, policy, chance = log(5_000, 1)
    uniform = np.full_like(policy, 1 / ACTIONS)
    better = policy_value(chosen, rewards, propensities, policy, expected=chance)
    random = policy_value(chosen, rewards, propensities, uniform, expected=chance)
    assert better.low > random.high


def test_a_model_of_outcomes_narrows_the_interval() -> None:
    _, chosen, rewards, propensities, policy, chance = log(5_000, 2)
    plain = policy_value(chosen, rewards, propensities, policy, method="ips")
    robust = policy_value(chosen, rewards, propensities, policy, expected=chance)
    assert robust.high - robust.low < plain.high - plain.low


def test_the_policy_of_the_log_is_worth_what_came() -> None:
    _, chosen, rewards, propensities, _, chance = log(2_000, 3)
    own = policy_value(chosen, rewards, propensities, propensities, method="ips")
    assert own.value == pytest.approx(rewards.mean())
    assert own.effective_decisions == pytest.approx(2_000)
    assert policy_value(chosen, rewards, propensities, propensities, expected=chance).value == pytest.approx(
        rewards.mean(), abs=0.02
    )


def test_worked_by_hand() -> None:
    chosen, rewards = np.array([0, 1]), np.array([1.0, 0.0])
    propensities, policy = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert policy_value(chosen, rewards, propensities, policy, method="ips").value == pytest.approx(1.0)
    assert policy_value(chosen, rewards, propensities, policy, method="snips").value == pytest.approx(0.6)
    expected = np.array([[0.5, 0.1], [0.2, 0.3]])
    robust = policy_value(chosen, rewards, propensities, policy, expected=expected)
    assert robust.value == pytest.approx((0.5 + 2 * 0.5 + 0.3 + 4 / 3 * -0.3) / 2)


def test_what_the_log_never_did_is_said() -> None:
    chosen, rewards = np.array([0, 0]), np.array([1.0, 0.0])
    propensities, policy = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    assert policy_value(chosen, rewards, propensities, policy, method="ips").unseen_share == pytest.approx(0.625)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"propensities": np.array([[0.5, 0.6], [0.5, 0.5]])}, "add up to 1"),
        ({"policy": np.array([[-0.5, 1.5], [0.5, 0.5]])}, "at least 0"),
        ({"chosen": np.array([1, 0]), "propensities": np.array([[1.0, 0.0], [0.5, 0.5]])}, "propensity is 0"),
        ({"rewards": np.array([1.0])}, "same decisions"),
        ({"expected": None}, "needs the rewards"),
        ({"chosen": np.array([], dtype=int)}, "no decisions"),
    ],
)
def test_a_log_that_cannot_be_is_refused(changed: dict[str, np.ndarray | None], words: str) -> None:
    sound = {
        "chosen": np.array([0, 1]),
        "rewards": np.array([1.0, 0.0]),
        "propensities": np.full((2, 2), 0.5),
        "policy": np.full((2, 2), 0.5),
        "expected": np.zeros((2, 2)),
    } | changed
    with pytest.raises(ValueError, match=words):
        policy_value(**sound)  # type: ignore[arg-type]


def test_decisions_on_one_account_count_as_one_piece_of_evidence() -> None:
    """Each account has one outcome that all its decisions share: intervals that took them for independent would hardly ever cover."""
    covered = alone = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        account = np.repeat(np.arange(200), 20)
        rewards = np.repeat(rng.normal(size=200), 20)
        evenly = np.full((len(account), 2), 0.5)
        chosen = rng.integers(0, 2, len(account))
        estimate = policy_value(chosen, rewards, evenly, evenly, method="ips", groups=account)
        covered += estimate.low <= 0 <= estimate.high
        independent = policy_value(chosen, rewards, evenly, evenly, method="ips")
        alone += independent.low <= 0 <= independent.high
    assert covered >= 180
    assert alone < 120
