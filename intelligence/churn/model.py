"""A calibrated probability of leaving from a table of features, and what each feature adds to it.

Two models are trained on the same rows: logistic regression, the baseline, and gradient-boosted trees (LightGBM). What is kept is
`logit(p) = intercept + w_linear * linear + w_trees * trees`, both in log-odds, with weights of at least 0 fitted on rows that neither model
has seen (Wolpert 1992, stacking; with one model it is Platt's scaling). So it is calibrated, is never much worse than its better
half, and its log-odds are a sum over features that can be told one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from intelligence.churn.encoding import Encoding

Array = npt.NDArray[np.float64]
Folds = list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

#: Fewer subjects that left, or that stayed, teach nothing.
FEWEST_OF_EACH = 20
#: From this many subjects that left on, a fifth of all is kept apart to weigh the models; below, five folds take turns.
ENOUGH_TO_HOLD_OUT = 2_000
FOLDS = 5
FEW_ROWS = 50_000
#: A line through so many rows is no better through more; its cost grows with them.
LINEAR_ROWS = 30_000
STRENGTHS = (0.003, 0.03, 0.3)
MOST_ROUNDS = 1_000
PATIENCE = 25


class TooFewError(ValueError):
    """There is not enough to learn from; the message says how much there is and how much is needed."""


@dataclass(frozen=True)
class ChurnModel:
    """A trained model.

    Attributes:
        encoding: how features become numbers.
        intercept: log-odds where nothing speaks for or against.
        weights: weight of the linear model and of the trees (each at least 0).
        coefficients: of the columns of `encoding.linear`, log-odds per column.
        centers: mean of each of those columns over the training rows.
        trees: LightGBM's own text form; empty without trees.
        baseline: intercept and weight of the linear model where it stands alone.
        log_odds_unseen: of the training rows, by models that had not seen them; NaN where there is none. Not kept by `to_json`.
    """

    encoding: Encoding
    intercept: float
    weights: tuple[float, float]
    coefficients: Array
    centers: Array
    trees: str
    baseline: tuple[float, float]
    log_odds_unseen: Array | None = None

    def log_odds(self, features: pd.DataFrame) -> Array:
        """Calibrated log-odds of leaving, one for each row of `features`. Raises KeyError when a column is missing."""
        matrix, _ = self.encoding.linear(features)
        found = self.intercept + self.weights[0] * (matrix @ self.coefficients)
        if self.weights[1] > 0:
            booster = lgb.Booster(model_str=self.trees)
            found = found + self.weights[1] * np.asarray(
                booster.predict(self.encoding.tree(features), raw_score=True), dtype=float
            )
        return np.asarray(found)

    def probability(self, features: pd.DataFrame) -> Array:
        """Calibrated probability of leaving (0 to 1), one for each row of `features`."""
        return np.asarray(expit(self.log_odds(features)))

    def baseline_probability(self, features: pd.DataFrame) -> Array:
        """The same by logistic regression alone, calibrated the same way: what the trees have to beat."""
        matrix, _ = self.encoding.linear(features)
        return np.asarray(expit(self.baseline[0] + self.baseline[1] * (matrix @ self.coefficients)))

    def contributions(self, features: pd.DataFrame) -> tuple[pd.DataFrame, float]:
        """What each feature adds to the log-odds of each row against the average row, and the log-odds that they are added to.

        The trees are taken apart by TreeSHAP (Lundberg 2020). This is the dear part: ask it for the rows that matter only.

        Returns:
            One column per feature and one row per row of `features` (log-odds), and the base; base plus the sum of a row is `log_odds`.
        """
        names = self.encoding.features
        matrix, owners = self.encoding.linear(features)
        of_column = pd.DataFrame((matrix - self.centers) * self.coefficients).T
        linear = of_column.groupby(np.array(owners, dtype=object), sort=False).sum().T.reindex(columns=names)
        found = self.weights[0] * linear.to_numpy()
        base = self.intercept + self.weights[0] * float(self.centers @ self.coefficients)
        if self.weights[1] > 0 and len(features):
            booster = lgb.Booster(model_str=self.trees)
            shap = np.asarray(booster.predict(self.encoding.tree(features), pred_contrib=True), dtype=float)
            found = found + self.weights[1] * shap[:, :-1]
            base += self.weights[1] * float(shap[0, -1])
        return pd.DataFrame(found, columns=names, index=features.index), base

    def to_json(self) -> str:
        """All that is needed to score, as text."""
        kept = {
            "encoding": self.encoding.as_dict(),
            "intercept": self.intercept,
            "weights": list(self.weights),
            "coefficients": self.coefficients.tolist(),
            "centers": self.centers.tolist(),
            "trees": self.trees,
            "baseline": list(self.baseline),
        }
        return json.dumps(kept, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> ChurnModel:
        """The model that `to_json` kept."""
        kept = json.loads(text)
        return ChurnModel(
            Encoding.of_dict(kept["encoding"]),
            kept["intercept"],
            (kept["weights"][0], kept["weights"][1]),
            np.array(kept["coefficients"]),
            np.array(kept["centers"]),
            kept["trees"],
            (kept["baseline"][0], kept["baseline"][1]),
        )


def train(
    features: pd.DataFrame, left: Iterable[bool], subjects: Iterable[object] | None = None, *, seed: int = 0
) -> ChurnModel:
    """Train on rows of the past.

    Args:
        features: one row per observation; numbers, truth values or categories, missing where unknown.
        left: for each row whether the subject left within the horizon.
        subjects: whom each row is about. Rows of one subject never stand on both sides of a split. None: each row is a subject.
        seed: same seed and rows, same model.

    Raises:
        TooFewError: fewer than `FEWEST_OF_EACH` subjects left, or stayed.
    """
    target = np.asarray(list(left), dtype=bool)
    who = pd.factorize(pd.Series(list(subjects)))[0] if subjects is not None else np.arange(len(target))
    _require_enough(target, who)
    encoding = Encoding.learn(features)
    matrix, _ = encoding.linear(features)
    trees = encoding.tree(features)
    # Matrices this small are slower with two threads of linear algebra than with one.
    with threadpool_limits(1 if len(target) < FEW_ROWS else None, user_api="blas"):
        return _train(encoding, matrix, trees, target, who, seed)


def _train(
    encoding: Encoding,
    matrix: Array,
    trees: Array,
    target: npt.NDArray[np.bool_],
    who: npt.NDArray[np.int64],
    seed: int,
) -> ChurnModel:
    categorical = list(range(len(encoding.numbers), len(encoding.features)))

    def dataset(rows: slice | npt.NDArray[np.int64], reference: lgb.Dataset | None = None) -> lgb.Dataset:
        return lgb.Dataset(
            trees[rows],
            target[rows].astype(float),
            reference=reference,
            categorical_feature=categorical,
            params={"verbose": -1, "max_bin": 127, "feature_pre_filter": False},
            free_raw_data=False,
        )

    left_subjects = len(np.unique(who[target]))
    parameters = tree_parameters(left_subjects, len(target), seed)
    if left_subjects >= ENOUGH_TO_HOLD_OUT:
        ((rows, held),) = GroupShuffleSplit(1, test_size=1 / FOLDS, random_state=seed).split(matrix, groups=who)
        some = np.random.default_rng(seed).permutation(rows)[:LINEAR_ROWS]
        coefficients = _linear(matrix[some], target[some], 0.3)
        learnt_from = dataset(rows)
        booster = lgb.train(
            parameters,
            learnt_from,
            MOST_ROUNDS,
            valid_sets=[dataset(held, learnt_from)],
            callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        )
        unseen = np.full((len(target), 2), np.nan)
        unseen[held, 0] = matrix[held] @ coefficients
        unseen[held, 1] = booster.predict(trees[held], raw_score=True)
    else:
        folds = _folds(target, who, seed)
        booster, trees_unseen = _trees_in_turn(dataset(slice(None)), trees, parameters, folds)
        coefficients, linear_unseen = _linear_in_turn(matrix, target, folds)
        unseen = np.column_stack([linear_unseen, trees_unseen])
    known = ~np.isnan(unseen[:, 0])
    intercept, (linear_weight, trees_weight) = _weigh(unseen[known], target[known])
    alone, (alone_weight,) = _weigh(unseen[known, :1], target[known])
    return ChurnModel(
        encoding,
        intercept,
        (linear_weight, trees_weight),
        coefficients,
        matrix.mean(axis=0),
        booster.model_to_string(),
        (alone, alone_weight),
        intercept + unseen @ np.array([linear_weight, trees_weight]),
    )


def _require_enough(target: npt.NDArray[np.bool_], who: npt.NDArray[np.int64]) -> None:
    left = len(np.unique(who[target]))
    stayed = len(np.unique(who)) - left
    for word, number in (("left", left), ("stayed", stayed)):
        if number < FEWEST_OF_EACH:
            raise TooFewError(f"{number} {word}, and {FEWEST_OF_EACH} are needed to learn from")


def _folds(target: npt.NDArray[np.bool_], who: npt.NDArray[np.int64], seed: int) -> Folds:
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros((len(target), 1)), target, who))


def tree_parameters(left: int, rows: int, seed: int) -> dict[str, object]:
    """LightGBM's parameters: small trees and much averaging where few have left, its usual size where there are many."""
    few = left < ENOUGH_TO_HOLD_OUT
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": 0.1,
        "num_leaves": 6 if few else 31,
        "min_data_in_leaf": max(20, rows // 200) if few else 50,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 127,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1 if rows < FEW_ROWS else 0,
        "seed": seed,
        "verbose": -1,
        "feature_pre_filter": False,
    }


def _trees_in_turn(
    data: lgb.Dataset, trees: Array, parameters: dict[str, object], folds: Folds
) -> tuple[lgb.Booster, Array]:
    found = lgb.cv(
        parameters,
        data,
        MOST_ROUNDS,
        folds=folds,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    several = cast("lgb.CVBooster", found["cvbooster"])
    rounds = max(1, several.best_iteration)
    unseen = np.full(len(trees), np.nan)
    for (_, held), one in zip(folds, several.boosters, strict=True):
        unseen[held] = one.predict(trees[held], raw_score=True, num_iteration=rounds)
    return lgb.train(parameters, data, rounds), unseen


def _linear(matrix: Array, target: npt.NDArray[np.bool_], strength: float) -> Array:
    fitted = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200).fit(matrix, target)
    return np.asarray(fitted.coef_[0], dtype=float)


def _linear_in_turn(matrix: Array, target: npt.NDArray[np.bool_], folds: Folds) -> tuple[Array, Array]:
    """The coefficients of all rows under the penalty that does best on rows not seen, and the log-odds of those."""
    best: tuple[float, float, Array] | None = None
    for strength in STRENGTHS:
        unseen = np.full(len(target), np.nan)
        for rows, held in folds:
            unseen[held] = matrix[held] @ _linear(matrix[rows], target[rows], strength)
        intercept, (weight,) = _weigh(unseen[:, None], target)
        loss = float(log_loss(target, expit(intercept + weight * unseen)))
        if best is None or loss < best[0]:
            best = (loss, strength, unseen)
    assert best is not None
    return _linear(matrix, target, best[1]), best[2]


def _weigh(unseen: Array, target: npt.NDArray[np.bool_]) -> tuple[float, tuple[float, ...]]:
    """Intercept and a weight (at least 0) for each column that fit the outcome best, by maximum likelihood."""
    rate = target.mean()

    def loss(at: Array) -> tuple[float, Array]:
        probability = expit(at[0] + unseen @ at[1:])
        error = probability - target
        value = float(-np.log(np.clip(np.where(target, probability, 1 - probability), 1e-12, None)).mean())
        return value, np.array([error.mean(), *(error @ unseen / len(target))])

    count = unseen.shape[1]
    start = np.array([np.log(rate / (1 - rate)), *[1 / count] * count])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), *[(0, None)] * count])
    return float(found.x[0]), tuple(float(weight) for weight in found.x[1:])
