"""Whether a model deserves belief: judged on a later period than it was trained on, with intervals over accounts and beside the rule.

Rows of one account are not independent, so every interval comes from drawing accounts with all of their rows (cluster bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DRAWS = 100
#: The interval that is stated: the middle nine tenths of the draws.
INTERVAL = (0.05, 0.95)
#: In so many of the draws must one be ahead of the other to be called better.
SURE_ENOUGH = 0.8


@dataclass(frozen=True)
class Split:
    """Rows to train on and later rows to test on. Between them lies the horizon: no training row's outcome reaches into the test.

    Attributes:
        train: whether a row is trained on.
        test: whether a row is tested on.
        begins: first day of the test.
    """

    train: Flags
    test: Flags
    begins: pd.Timestamp


def split_by_time(days: pd.Series, horizon_days: int, *, test_share: float = 1 / 3) -> Split:
    """The last part of the time is for the test, what was decided before it for training.

    Args:
        days: day of each row whose outcome is known (datetime).
        horizon_days: how long after its day the outcome of a row is decided.
        test_share: share of the time from the first day to the last that is for the test.
    """
    first, last = days.min(), days.max()
    begins = (first + (last - first) * (1 - test_share)).normalize() + pd.Timedelta(days=1)
    return split_at(days, horizon_days, begins)


def split_at(days: pd.Series, horizon_days: int, begins: pd.Timestamp) -> Split:
    """The split whose test begins on a day."""
    train = (days + pd.Timedelta(days=horizon_days) < begins).to_numpy()
    return Split(train, (days >= begins).to_numpy(), begins)


def area(score: Array, left: Flags) -> float:
    """Area under the ROC curve: chance that of two rows the one that left has the higher score; NaN where all had one outcome."""
    return float(roc_auc_score(left, score)) if 0 < left.sum() < len(left) else float("nan")


def areas_drawn(scores: dict[str, Array], left: Flags, subjects: npt.ArrayLike, *, seed: int = 0) -> pd.DataFrame:
    """The area under the curve of several scores in `DRAWS` draws of the subjects: one row per draw, one column per score."""
    codes = pd.factorize(np.asarray(subjects))[0]
    count = int(codes.max()) + 1 if len(codes) else 0
    rows: list[dict[str, float]] = []
    if not count:
        return pd.DataFrame(rows, columns=list(scores))
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), DRAWS)
    for draw in draws:
        weight = draw[codes].astype(float)
        if not 0 < weight[left].sum() < weight.sum():
            continue
        rows.append({name: float(roc_auc_score(left, score, sample_weight=weight)) for name, score in scores.items()})
    return pd.DataFrame(rows, columns=list(scores))


def interval(draws: pd.Series) -> tuple[float, float]:
    """The middle nine tenths of draws."""
    if draws.empty:
        return float("nan"), float("nan")
    low, high = draws.quantile(list(INTERVAL))
    return float(low), float(high)


def calibration(probability: Array, left: Flags, *, groups: int = 10) -> pd.DataFrame:
    """What was foretold beside what came, in groups of equal size by probability.

    Returns:
        predicted (mean probability), observed (share that left), rows; the least probable first. Equal probabilities stay together.
    """
    table = pd.DataFrame({"predicted": probability, "observed": left.astype(float)})
    group = pd.qcut(table["predicted"].rank(method="average"), groups, labels=False, duplicates="drop")
    found = table.groupby(group).agg(
        predicted=("predicted", "mean"), observed=("observed", "mean"), rows=("observed", "size")
    )
    return found.reset_index(drop=True)


def calibration_error(table: pd.DataFrame) -> float:
    """Mean distance of foretold and observed over the groups of `calibration`, by their rows (expected calibration error)."""
    return float(np.average((table["predicted"] - table["observed"]).abs(), weights=table["rows"]))


def population_stability(then: pd.DataFrame, now: pd.DataFrame, *, groups: int = 10) -> pd.DataFrame:
    """How far the features of today are from those a model was trained on.

    The population stability index is the sum over groups of `(now - then) * ln(now / then)` of their shares; missing is a group of its own.
    Below 0.1 is usual, above 0.25 a reason to look (Siddiqi 2006).

    Returns:
        feature, stability_index, missing_then, missing_now (shares), one row per column of `then`, the furthest first.
    """
    rows = []
    for name in then.columns:
        before, after = then[name], now[name]
        if pd.api.types.is_numeric_dtype(before) and not pd.api.types.is_bool_dtype(before):
            edges = (
                np.unique(np.nanquantile(before.to_numpy(float, na_value=np.nan), np.linspace(0, 1, groups + 1)[1:-1]))
                if before.notna().any()
                else np.array([])
            )
            kinds = [
                pd.Series(np.where(side.isna(), -1, np.searchsorted(edges, side.fillna(0).to_numpy(float))))
                for side in (before, after)
            ]
        else:
            kinds = [side.astype("string").fillna("") for side in (before, after)]
        shares = pd.concat([kind.value_counts(normalize=True) for kind in kinds], axis=1, keys=["then", "now"])
        # Half a row stands for none, so that a group that is empty on one side does not weigh without bound.
        shares = shares.fillna(0.0).clip(lower=pd.Series({"then": 0.5 / len(then), "now": 0.5 / len(now)}), axis=1)
        index = float(((shares["now"] - shares["then"]) * np.log(shares["now"] / shares["then"])).sum())
        rows.append((str(name), index, float(before.isna().mean()), float(after.isna().mean())))
    found = pd.DataFrame(rows, columns=["feature", "stability_index", "missing_then", "missing_now"])
    return found.sort_values(["stability_index", "feature"], ascending=[False, True], ignore_index=True)
