"""Metrics that move together, at once or one after the other, by what was new in them.

Two series with inertia or a trend look alike without having anything to do with each other (Granger and Newbold 1974). So what is compared are the
surprises of `take_apart`, which come close to independent days (pre-whitening, Haugh 1976).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

from intelligence.insights.series import Surprises

#: Days over which a series may resemble itself.
LAGS = 21
#: Fewer common days say nothing about a pair.
FEWEST_DAYS = 60


def find_correlations(
    apart: Surprises, *, days: int = 180, most_lag: int = 7, false_discovery_rate: float = 0.05, least: float = 0.2
) -> pd.DataFrame:
    """Pairs of series whose surprises go together, with the lag at which they do so most.

    Spearman's rank correlation over the last days, for each pair at every lag up to `most_lag` either way; the smallest chance of the lags is
    taken times their number (Bonferroni), and over all pairs Benjamini and Hochberg's procedure keeps the false discoveries to a share.

    Args:
        apart: what `take_apart` gave.
        days: the last days that are looked at.
        most_lag: largest lag (days).
        false_discovery_rate: share of what is found that may be chance.
        least: correlation, in size, below which nothing is told.

    Returns:
        leading, following (series), lag_days (0: at once), correlation (-1 to 1), days (in common), p_value, q_value; the surest first.
    """
    table = apart.surprises.iloc[-days:]
    values = table.to_numpy()
    names = list(table.columns)
    count = len(names)
    inflated = _inflated(values)
    best_p = np.ones((count, count))
    best_r = np.zeros((count, count))
    best_n = np.zeros((count, count), dtype=int)
    best_lag = np.zeros((count, count), dtype=int)
    for lag in range(most_lag + 1):
        # rows lead, columns follow
        correlation, common = _spearman(values[: len(values) - lag], values[lag:])
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = np.maximum(common / inflated - 2, 1.0)
            statistic = correlation * np.sqrt(freedom / np.maximum(1 - correlation**2, 1e-12))
            chance = np.where(common >= FEWEST_DAYS, 2 * student.sf(np.abs(statistic), freedom), 1.0)
        better = chance < best_p
        best_p, best_r = np.where(better, chance, best_p), np.where(better, correlation, best_r)
        best_n, best_lag = np.where(better, common, best_n), np.where(better, lag, best_lag)
    left, right = np.triu_indices(count, 1)
    forward = best_p[left, right] <= best_p[right, left]
    leads, follows = np.where(forward, left, right), np.where(forward, right, left)
    chances = np.minimum(best_p[leads, follows] * (2 * most_lag + 1), 1.0)
    found = pd.DataFrame(
        {
            "leading": [names[at] for at in leads],
            "following": [names[at] for at in follows],
            "lag_days": best_lag[leads, follows],
            "correlation": best_r[leads, follows],
            "days": best_n[leads, follows],
            "p_value": chances,
        }
    )
    if found.empty:
        return found.assign(q_value=[])
    found["q_value"] = multipletests(found["p_value"], method="fdr_bh")[1]
    kept = (found["q_value"] <= false_discovery_rate) & (found["correlation"].abs() >= least)
    return found[kept].sort_values(["p_value", "leading", "following"], ignore_index=True)


def _inflated(values: np.ndarray) -> np.ndarray:
    """How many times fewer independent days than days each pair of columns has: 1 + 2 * sum of products of autocorrelations (Bartlett 1946)."""
    ranks = rankdata(values, axis=0, nan_policy="omit")
    centred = np.nan_to_num(ranks - np.nanmean(ranks, axis=0))
    square = (centred**2).sum(axis=0)
    lags = [(centred[lag:] * centred[:-lag]).sum(axis=0) / np.maximum(square, 1e-12) for lag in range(1, LAGS + 1)]
    itself = np.array(lags)
    return np.asarray(np.maximum(1 + 2 * itself.T @ itself, 1.0))


def _spearman(leading: np.ndarray, following: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank correlation of each column of one with each of the other over the rows both have, and how many those are.

    Ranks are those within each column; a row that one of a pair lacks takes no part in the pair.
    """
    sides = []
    for table in (leading, following):
        ranks = rankdata(table, axis=0, nan_policy="omit")
        known = ~np.isnan(table)
        centred = np.where(known, ranks - np.nanmean(np.where(known, ranks, np.nan), axis=0), 0.0)
        sides.append((centred, known.astype(float)))
    (a, known_a), (b, known_b) = sides
    product = a.T @ b
    size = np.sqrt(((a**2).T @ known_b) * (known_a.T @ (b**2)))
    common = (known_a.T @ known_b).astype(int)
    return np.divide(product, size, out=np.zeros_like(product), where=size > 0), common
