"""Training and scoring a churn model on 100,000 accounts x 40 features beside LightGBM alone on the same matrix, in one run.

python -m benchmarks.churn_speed [accounts]

LightGBM alone is trained with the same parameters on four fifths, stops on the last fifth, and scores all rows. Ours encodes the columns,
trains logistic regression and the trees, weighs them, and scores all rows; the reasons of those at risk are timed apart.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.identity import RESULTS
from intelligence.churn import model as churn

FEATURES = 40
#: ours by LightGBM alone
TARGET = 1.5


def accounts_that_leave(count: int, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Features (six of them say something, a tenth of all values is missing) and whether each account left."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, FEATURES))
    log_odds = (
        -3 + values[:, 0] + 0.8 * values[:, 1] * (values[:, 2] > 0) - 0.6 * values[:, 3] + 0.5 * np.abs(values[:, 4])
    )
    values[rng.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, columns=[f"feature_{at}" for at in range(FEATURES)]), rng.random(count) < expit(
        log_odds
    )


def bare(features: pd.DataFrame, left: np.ndarray) -> float:
    """Seconds of LightGBM alone."""
    began = time.perf_counter()
    matrix = features.to_numpy()
    parameters = churn.tree_parameters(churn.ENOUGH_TO_HOLD_OUT, len(left), 0)
    held = np.random.default_rng(0).random(len(left)) < 1 / churn.FOLDS
    data = lgb.Dataset(matrix[~held], left[~held].astype(float), params={"verbose": -1, "max_bin": 127})
    check = lgb.Dataset(matrix[held], left[held].astype(float), reference=data)
    booster = lgb.train(
        parameters,
        data,
        churn.MOST_ROUNDS,
        valid_sets=[check],
        callbacks=[lgb.early_stopping(churn.PATIENCE, verbose=False)],
    )
    booster.predict(matrix)
    return time.perf_counter() - began


def ours(features: pd.DataFrame, left: np.ndarray) -> tuple[float, float, int]:
    """Seconds of training and scoring, seconds of the reasons of those at risk, and how many those are."""
    began = time.perf_counter()
    model = churn.train(features, left)
    probability = model.probability(features)
    scored = time.perf_counter()
    at_risk = probability >= 2 * probability.mean()
    model.contributions(features[at_risk])
    return scored - began, time.perf_counter() - scored, int(at_risk.sum())


def main(accounts: int = 100_000) -> None:
    """Measure in turn, three times; print and keep the middle one."""
    features, left = accounts_that_leave(accounts)
    rounds: list[dict[str, Any]] = []
    for _ in range(3):
        alone = bare(features, left)
        trained, reasons, at_risk = ours(features, left)
        rounds.append(
            {"alone": alone, "ours": trained, "reasons": reasons, "at_risk": at_risk, "ratio": trained / alone}
        )
        print({name: round(value, 3) for name, value in rounds[-1].items()}, flush=True)
    middle = sorted(rounds, key=lambda one: float(one["ratio"]))[1]
    result = {
        "accounts": accounts,
        "features": FEATURES,
        "target": TARGET,
        "load_average": round(os.getloadavg()[0], 1),
    }
    result |= {name: round(value, 3) for name, value in middle.items()}
    (RESULTS / f"churn_speed_{accounts}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(f"training and scoring / LightGBM alone {middle['ratio']:.2f} (target {TARGET})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
