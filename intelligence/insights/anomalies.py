"""Days out of the ordinary among many daily series, with the false discoveries kept to a share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, genpareto
from statsmodels.stats.multitest import multipletests

from intelligence.insights.series import Surprises

Array = npt.NDArray[np.float64]

#: Share of surprises that make up the tail.
TAIL = 0.02
#: Large surprises of others that each series borrows for the scale of its tail.
BORROWED = 150
#: Mean excess over the threshold, in thresholds, of a normal variable: no tail is believed to be lighter. Steps of 1 would seem to have none at all.
LEAST_EXCESS = 0.15
#: A series says of the scale of the others at most so many times what the middle one does.
MOST_TIMES = 5.0
#: Share of days that count as large ones of a series, and share of all series that must have one on a day for it to be a shock common to them; more
#: than there would be by chance in one day of so many.
LARGE = 0.05
MANY_AT_ONCE = 0.15
RARELY = 1e-4
#: Shapes of tails that are believed: from one that falls off like a normal variable to one without a third moment.
SHAPES = (0.0, 0.45)


def find_anomalies(
    apart: Surprises,
    *,
    judged_days: int = 14,
    false_discovery_rate: float = 0.03,
    least_change: float = 0.0,
) -> pd.DataFrame:
    """Days of the judged ones that are further from what was expected than chance allows.

    How often surprises of a size come is read off each series' own past: the largest fiftieth follows a generalised Pareto distribution (Pickands
    1975), whose shape is common to all series looked at on one scale, and whose own scale is the series'. Days on which everything moved at once
    (the end of the year) say nothing of an ordinary one and are left out of it. Over all series and days Benjamini and Hochberg's procedure keeps
    the false discoveries to a share.

    Args:
        apart: what `take_apart` gave, with the same `judged_days`.
        judged_days: the last days, which are judged.
        false_discovery_rate: share of what is found that may be chance.
        least_change: change against what was expected below which nothing is told (0.1: a tenth).

    Returns:
        series, date_day, value, expected, change (value / expected - 1), surprise (usual ones), p_value, q_value (share of chance among all
        that is at least so surprising), the least likely first.
    """
    size = apart.surprises.abs()
    past, judged = size.iloc[:-judged_days], size.iloc[-judged_days:]
    usual = past.to_numpy()[~_common_shocks(past.to_numpy())]
    chances = np.full(judged.shape, np.nan)
    for scale in apart.scale.unique():
        of_scale = (apart.scale == scale).to_numpy()
        chances[:, of_scale] = _tail_chances(usual[:, of_scale], judged.to_numpy()[:, of_scale])
    known = ~np.isnan(chances)
    found = pd.DataFrame(
        {
            "series": np.tile(np.asarray(judged.columns, dtype=object), len(judged)).reshape(judged.shape)[known],
            "date_day": np.repeat(judged.index.to_numpy(), judged.shape[1]).reshape(judged.shape)[known],
            "value": apart.values.iloc[-judged_days:].to_numpy()[known],
            "expected": apart.expected.iloc[-judged_days:].to_numpy()[known],
            "surprise": apart.surprises.iloc[-judged_days:].to_numpy()[known],
            "p_value": chances[known],
        }
    )
    if found.empty:
        return found.assign(change=[], q_value=[])
    found["q_value"] = multipletests(found["p_value"], method="fdr_bh")[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        found["change"] = found["value"] / found["expected"] - 1
    kept = (found["q_value"] <= false_discovery_rate) & ~(found["change"].abs() < least_change)
    return found[kept].sort_values(["p_value", "series", "date_day"], ignore_index=True)


def _common_shocks(past: Array) -> npt.NDArray[np.bool_]:
    """Days on which far more series than usual were surprising."""
    with np.errstate(all="ignore"):
        large = past > np.nanquantile(past, 1 - LARGE, axis=0)
    known = (~np.isnan(past)).sum(axis=1)
    by_chance = binom.ppf(1 - RARELY, known, LARGE)
    return np.asarray(large.sum(axis=1) > np.maximum(MANY_AT_ONCE * known, by_chance))


def _tail_chances(past: Array, judged: Array) -> Array:
    """Chance that a surprise of each series is at least as large as on each judged day (days x series)."""
    with np.errstate(all="ignore"):
        threshold = np.nanquantile(past, 1 - TAIL, axis=0)
    beyond = np.where(past > threshold, past - threshold, np.nan)
    # What a series' own few large surprises say of its scale is drawn towards what those of all say, each by its own threshold: a series that is
    # 0 on most days has surprises of other sizes than one that never is.
    count = (~np.isnan(beyond)).sum(axis=0)
    own = np.nansum(beyond, axis=0)
    ratio = (own / threshold)[count > 0] / count[count > 0]
    # A few series that jump must not make large surprises look usual in all others.
    typical = np.minimum(ratio, MOST_TIMES * np.median(ratio)).mean() if len(ratio) else LEAST_EXCESS
    usual = threshold * max(float(typical), LEAST_EXCESS)
    mean_excess = (own + BORROWED * usual) / (count + BORROWED)
    mean_excess = np.maximum(mean_excess, LEAST_EXCESS * threshold)
    pooled = (beyond / mean_excess)[~np.isnan(beyond)]
    shape = _shape(pooled)
    scale = mean_excess * (1 - shape)
    with np.errstate(invalid="ignore"):
        in_tail = TAIL * genpareto.sf(judged - threshold, shape, scale=scale)
        # Within the bulk the chance is the share of the past that was larger.
        ranks = np.stack([(past >= day).sum(axis=0) for day in judged]) / np.maximum((~np.isnan(past)).sum(axis=0), 1)
    chances = np.where(judged > threshold, in_tail, np.maximum(ranks, TAIL))
    return np.where(np.isnan(judged) | np.isnan(threshold), np.nan, chances)


def _shape(excesses: Array) -> float:
    """Shape of the tail common to excesses that were brought to the mean 1, within `SHAPES`."""
    if len(excesses) < 100:
        return float(np.mean(SHAPES))
    shape, _, _ = genpareto.fit(excesses, floc=0)
    return float(np.clip(shape, *SHAPES))
