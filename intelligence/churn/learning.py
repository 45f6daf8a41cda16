"""Whether to trust a new model, to keep the one there is, or neither: one horizon at a time, from observations to a decision with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import log_loss

from intelligence.churn.evaluation import (
    SURE_ENOUGH,
    Flags,
    Split,
    area,
    areas_drawn,
    calibration,
    calibration_error,
    interval,
    split_at,
    split_by_time,
)
from intelligence.churn.model import FEWEST_OF_EACH, ChurnModel, TooFewError, train

Array = npt.NDArray[np.float64]

#: Columns of an observation that are no features: who, when, and what became of it.
OUTCOMES = ("customer_id", "date_day", "days_followed", "decides_in_days", "leaves_in_days")
#: The score by rule, which a model has to beat.
RULE = "churn_risk_score"
#: Days between the observations of an account that are learnt from, and that a model is tested on.
LEARN_EVERY, TEST_EVERY = 28, 14
#: Fewer accounts that left in the later period cannot tell two scores apart.
FEWEST_IN_TEST = 15


@dataclass(frozen=True)
class Verdict:
    """What came of a training.

    Attributes:
        state: `current` (it is used), `no better than the rule`, `no better than the model before`, or `too few`.
        reason: the same in a sentence with its figures.
        model: trained on all that is known; None if there was too little.
        measured: what was measured on the later period, by name; empty if nothing was.
        tested: one row per observation of the later period with what was foretold of it.
    """

    state: str
    reason: str
    model: ChurnModel | None
    measured: dict[str, Any]
    tested: pd.DataFrame


def every(days: int, observations: pd.DataFrame) -> Flags:
    """Observations that lie so many days apart: those between say much the same, and cost as much again."""
    return np.asarray(observations["days_followed"] % days == 0)


def features_of(observations: pd.DataFrame) -> pd.DataFrame:
    """The columns that are known on the day itself."""
    return observations.drop(columns=[name for name in OUTCOMES if name in observations])


def outcomes(observations: pd.DataFrame, horizon_days: int) -> tuple[Flags, Flags]:
    """For each observation whether its outcome is known, and whether the account decided to leave within the horizon."""
    left = (observations["decides_in_days"] <= horizon_days).fillna(False).to_numpy(dtype=bool)
    return (observations["days_followed"] >= horizon_days).to_numpy(dtype=bool), left


def learn(observations: pd.DataFrame, horizon_days: int, *, seed: int = 0) -> Verdict:
    """Train on the earlier part, judge on the later one, and train on everything if it deserves it.

    Args:
        observations: rows of gold.fct_churn_observations.
        horizon_days: within how many days an account leaves or does not.
        seed: same seed and rows, same verdict.
    """
    known, left = outcomes(observations, horizon_days)
    rows, target = observations[known], left[known]
    too_few = _too_few(rows, target)
    if too_few:
        return Verdict("too few", too_few, None, {}, pd.DataFrame())
    split = split_by_time(rows["date_day"], horizon_days)
    test_left = rows["customer_id"][split.test & target].nunique()
    if test_left < FEWEST_IN_TEST:
        return Verdict(
            "too few",
            f"Only {test_left} accounts left from {split.begins:%Y-%m-%d} on, and {FEWEST_IN_TEST} are needed to judge a model by; the rule stands.",
            None,
            {},
            pd.DataFrame(),
        )
    learnt = split.train & every(LEARN_EVERY, rows)
    try:
        challenger = train(features_of(rows[learnt]), target[learnt], rows["customer_id"][learnt], seed=seed)
    except TooFewError as error:
        return Verdict(
            "too few", f"Before {split.begins:%Y-%m-%d}, {error}; the rule stands.", None, {}, pd.DataFrame()
        )
    tested = _foretell(rows, target, split, challenger)
    measured = _measure(tested, seed) | {
        "horizon_days": horizon_days,
        "data_from": rows["date_day"].min(),
        "data_until": rows["date_day"].max(),
        "test_from": split.begins,
        "observations": len(rows),
        "accounts": int(rows["customer_id"].nunique()),
        "accounts_left": int(rows["customer_id"][target].nunique()),
        "test_observations": len(tested),
        "test_accounts_left": test_left,
    }
    learnt = every(LEARN_EVERY, rows)
    model = train(features_of(rows[learnt]), target[learnt], rows["customer_id"][learnt], seed=seed)
    measured |= {"weight_linear": model.weights[0], "weight_trees": model.weights[1]}
    if measured["beats_rule_share"] < SURE_ENOUGH:
        return Verdict(
            "no better than the rule",
            f"On the time from {split.begins:%Y-%m-%d} on it was ahead of the rule ({measured['auc']:.3f} to {measured['auc_rule']:.3f}) in only "
            f"{measured['beats_rule_share']:.0%} of the draws of accounts, and {SURE_ENOUGH:.0%} are asked for; the rule stands.",
            model,
            measured,
            tested,
        )
    return Verdict(
        "current",
        f"On the time from {split.begins:%Y-%m-%d} on it reached {measured['auc']:.3f}, the rule {measured['auc_rule']:.3f}; ahead in "
        f"{measured['beats_rule_share']:.0%} of the draws of accounts.",
        model,
        measured,
        tested,
    )


def judge_again(
    observations: pd.DataFrame, horizon_days: int, before: ChurnModel, data_until: pd.Timestamp, *, seed: int = 0
) -> tuple[bool, str]:
    """Whether a model trained today is better than the one from before, on what neither of them has seen.

    The test is the shortest latest time in which `FEWEST_OF_EACH` accounts left; there must be more to learn from before it than the old model
    knew, or there is no reason to change.

    Returns:
        whether to change, and the reason in a sentence.
    """
    known, left = outcomes(observations, horizon_days)
    rows, target = observations[known], left[known]
    last_left = rows[target].groupby("customer_id")["date_day"].max().sort_values(ascending=False)
    if len(last_left) < FEWEST_OF_EACH:
        return False, f"Only {len(last_left)} accounts have left; the model before stays."
    begins = last_left.iloc[FEWEST_OF_EACH - 1]
    split = split_at(rows["date_day"], horizon_days, begins)
    fresh = rows["date_day"][split.train].max() if split.train.any() else pd.NaT
    if not begins > data_until or not fresh > data_until:
        return (
            False,
            f"Fewer than {FEWEST_OF_EACH} accounts have left since its data ended, and time for learning in between; the model before stays.",
        )
    learnt = split.train & every(LEARN_EVERY, rows)
    try:
        challenger = train(features_of(rows[learnt]), target[learnt], rows["customer_id"][learnt], seed=seed)
    except TooFewError as error:
        return False, f"{str(error).capitalize()}; the model before stays."
    losses = [
        float(log_loss(target[split.test], model.probability(features_of(rows[split.test])), labels=[False, True]))
        for model in (challenger, before)
    ]
    words = f"from {begins:%Y-%m-%d} on its loss is {losses[0]:.4f}, that of the model before {losses[1]:.4f}"
    return losses[0] < losses[1], words


def _too_few(rows: pd.DataFrame, target: Flags) -> str:
    left = rows["customer_id"][target].nunique()
    stayed = rows["customer_id"].nunique() - left
    for word, number in (("left", left), ("stayed", stayed)):
        if number < FEWEST_OF_EACH:
            return f"{number} accounts {word}, and {FEWEST_OF_EACH} are needed to learn from; the rule stands."
    return ""


def _foretell(rows: pd.DataFrame, target: Flags, split: Split, challenger: ChurnModel) -> pd.DataFrame:
    tested = split.test & every(TEST_EVERY, rows)
    test = rows[tested]
    features = features_of(test)
    wanted = ["customer_id", "date_day", "customer_tier", "tenure_days", RULE]
    return test[[name for name in wanted if name in test]].assign(
        probability=challenger.probability(features),
        baseline_probability=challenger.baseline_probability(features),
        has_decided=target[tested],
    )


def _measure(tested: pd.DataFrame, seed: int) -> dict[str, Any]:
    left = tested["has_decided"].to_numpy(dtype=bool)
    # Where the rule is unknown it says nothing for or against.
    rule = tested[RULE].fillna(tested[RULE].median()).fillna(0).to_numpy(dtype=float)
    scores = {
        "auc": tested["probability"].to_numpy(dtype=float),
        "auc_baseline": tested["baseline_probability"].to_numpy(dtype=float),
        "auc_rule": rule,
    }
    measured: dict[str, Any] = {name: area(score, left) for name, score in scores.items()}
    drawn = areas_drawn(scores, left, tested["customer_id"], seed=seed)
    measured["auc_low"], measured["auc_high"] = interval(drawn["auc"])
    measured["beats_rule_share"] = float((drawn["auc"] > drawn["auc_rule"]).mean()) if len(drawn) else 0.0
    measured["beats_baseline_share"] = float((drawn["auc"] > drawn["auc_baseline"]).mean()) if len(drawn) else 0.0
    measured["calibration_error"] = calibration_error(calibration(scores["auc"], left))
    measured["log_loss"] = float(log_loss(left, scores["auc"], labels=[False, True]))
    measured["log_loss_of_rate"] = float(log_loss(left, np.full(len(left), left.mean()), labels=[False, True]))
    measured["observed_rate"], measured["predicted_rate"] = float(left.mean()), float(scores["auc"].mean())
    top = tested["probability"].rank(ascending=False, method="first") <= max(1, len(tested) // 10)
    measured["lift_top_tenth"] = float(left[top.to_numpy()].mean() / left.mean())
    measured["share_in_top_tenth"] = float(left[top.to_numpy()].sum() / left.sum())
    return measured


def stays(model: ChurnModel, observations: pd.DataFrame, horizon_days: int) -> tuple[Array, Array, Flags, pd.Series]:
    """What the model of staying is fitted to: unseen log-odds, days until the account decided or was last seen, whether it did, and who."""
    known, _ = outcomes(observations, horizon_days)
    rows = observations[known & every(LEARN_EVERY, observations)]
    assert model.log_odds_unseen is not None
    decided = rows["decides_in_days"].notna().to_numpy()
    days = np.where(decided, rows["decides_in_days"].fillna(0), rows["days_followed"]).astype(float)
    return model.log_odds_unseen, days, decided, rows["customer_id"]
