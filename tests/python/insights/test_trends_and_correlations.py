"""Trends and pairs that were planted are found, and series with inertia and nothing else keep the rate of false discoveries that is stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from intelligence.insights.correlations import find_correlations
from intelligence.insights.series import take_apart
from intelligence.insights.trends import find_trends

DAYS = pd.date_range("2025-11-01", periods=365)
DRAWS = 200
RATE = 0.05
#: So many draws with a false discovery, or fewer, are no evidence against the rate (one in a thousand).
MOST = int(binom.ppf(0.999, DRAWS, RATE))


def quiet(count: int, seed: int, inertia: float = 0.6) -> pd.DataFrame:
    """Series with a weekly shape and AR(1) deviations of 5 % with heavy tails, and nothing else."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(4, (len(DAYS) + 100, count))
    deviation = np.zeros_like(shocks)
    for day in range(1, len(shocks)):
        deviation[day] = inertia * deviation[day - 1] + shocks[day]
    week = rng.normal(0, 0.3, (7, count))
    return pd.DataFrame(np.exp(5 + week[np.arange(len(DAYS)) % 7] + 0.05 * deviation[100:]), index=DAYS)


def test_false_discoveries_keep_their_rate() -> None:
    """Where nothing is there, any discovery is false: the share of draws with one is the false discovery rate."""
    paired = trended = 0
    for seed in range(1_000, 1_000 + DRAWS):
        table = quiet(12, seed)
        paired += len(find_correlations(take_apart(table), least=0, false_discovery_rate=RATE)) > 0
        trended += len(find_trends(table, least_change=0, false_discovery_rate=RATE)) > 0
    assert paired <= MOST
    assert trended <= MOST


def test_random_walks_have_nothing_to_do_with_each_other() -> None:
    """By their levels, two random walks in three seem to be related."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(1_000 + rng.normal(size=(len(DAYS), 20)).cumsum(axis=0), index=DAYS)
    levels = np.abs(table.corr().to_numpy()[np.triu_indices(20, 1)])
    assert (levels > 0.2).mean() > 0.5
    assert find_correlations(take_apart(table), least=0).empty


def test_levels_that_wander_without_aim_have_no_trend() -> None:
    """A line through random walks finds three times as many trends as there should be."""
    by_steps = by_line = 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        steps = 0.002 * rng.standard_t(4, (len(DAYS), 12))
        table = pd.DataFrame(200 * np.exp(steps.cumsum(axis=0)), index=DAYS)
        by_steps += len(find_trends(table, least_change=0, false_discovery_rate=RATE, levels=table.columns)) > 0
        by_line += len(find_trends(table, least_change=0, false_discovery_rate=RATE)) > 0
    assert by_steps <= MOST
    assert by_line > MOST, "the test would not see a fault"


def test_a_level_that_drifts_and_where_it_leads() -> None:
    rng = np.random.default_rng(8)
    steps = 0.002 * rng.standard_t(4, (len(DAYS), 12))
    steps[:, 4] += 0.002
    table = pd.DataFrame(200 * np.exp(steps.cumsum(axis=0)), index=DAYS)
    (row,) = find_trends(table, levels=table.columns).itertuples()
    assert row.series == 4
    assert row.change > 0.2
    assert row.forecast_low < table[4].iloc[-7:].mean() * np.exp(0.002 * 28) < row.forecast_high


def test_what_follows_two_days_later_is_found() -> None:
    table = quiet(10, seed=5)
    rng = np.random.default_rng(6)
    table["follows"] = 100 * np.exp(0.8 * np.log(table[3]).shift(2).bfill() + 0.02 * rng.normal(size=len(table)))
    table["against"] = 5_000 / table[7]
    found = find_correlations(take_apart(table)).set_index(["leading", "following"])
    assert found.loc[(3, "follows"), "lag_days"] == 2
    assert found.loc[(3, "follows"), "correlation"] > 0.5
    pair = found[found["lag_days"] == 0]
    assert pair["correlation"].min() < -0.9
    assert len(found) == 2


def test_a_planted_trend_and_where_it_leads() -> None:
    table = quiet(10, seed=7)
    at = np.arange(len(DAYS))
    rises = np.exp(0.004 * (at - len(DAYS)))
    table[2] *= rises
    found = find_trends(table).set_index("series")
    assert list(found.index) == [2]
    row = found.loc[2]
    assert row["change"] == pytest.approx(np.exp(0.004 * 7 * 25) - 1, rel=0.25)
    assert row["change_a_week"] == pytest.approx(np.expm1(0.004 * 7), rel=0.25)
    assert row["forecast_low"] < row["level"] * np.exp(0.004 * 28) < row["forecast_high"]


def test_forecasts_cover_what_comes() -> None:
    """Nine in ten intervals hold the mean of the fourth week ahead of a series that goes on as it did."""
    held = total = 0
    for seed in range(40):
        table = quiet(5, seed) * np.exp(0.003 * np.arange(len(DAYS)))[:, None]
        known, coming = table.iloc[:-28], table.iloc[-7:].mean()
        rows = find_trends(known, false_discovery_rate=1.0, least_change=0).set_index("series")
        held += int(
            ((rows["forecast_low"] <= coming[rows.index]) & (coming[rows.index] <= rows["forecast_high"])).sum()
        )
        total += len(rows)
    assert 0.84 <= held / total <= 0.97


def test_gaps_and_short_series() -> None:
    table = quiet(4, seed=9)
    table.iloc[50:80, 0] = np.nan
    table[1] = 7.0
    table.iloc[:320, 2] = np.nan
    assert set(find_trends(table, false_discovery_rate=1.0, least_change=0)["series"]) == {0, 3}
    assert find_trends(table.iloc[:30]).empty
    assert find_correlations(take_apart(table[[0]])).empty
