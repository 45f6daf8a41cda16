"""Planted days are found, and what nobody planted is left alone: series with weeks, inertia and heavy tails."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from intelligence.insights.anomalies import find_anomalies
from intelligence.insights.series import take_apart

DAYS = pd.date_range("2025-11-01", periods=365)
#: usual deviation of a day, as a share of its level
NOISE = 0.08


def series(count: int, seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    """Levels from 7 to 8,000 with a weekly shape and a slope; deviations are AR(1) with inertia 0.6 and Student's t with 4 degrees of freedom."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(4, (len(DAYS) + 50, count)) / np.sqrt(2)
    deviation = np.zeros_like(shocks)
    for day in range(1, len(shocks)):
        deviation[day] = 0.6 * deviation[day - 1] + shocks[day]
    week, level, slope = rng.normal(0, 0.3, (7, count)), rng.uniform(2, 9, count), rng.normal(0, 0.15, count)
    at = np.arange(len(DAYS))
    logs = level + week[at % 7] + slope * (at / 365)[:, None] + NOISE * deviation[50:]
    return pd.DataFrame(np.exp(logs), index=DAYS), rng


def planted(count: int, seed: int) -> tuple[pd.DataFrame, set[tuple[int, pd.Timestamp]]]:
    """Series, a twelfth of which have one day of the last fourteen raised or lowered by 10 to 20 usual deviations."""
    table, rng = series(count, seed)
    hit = rng.choice(count, count // 12, replace=False)
    day = rng.integers(len(DAYS) - 14, len(DAYS), len(hit))
    factor = np.exp(rng.choice([-1, 1], len(hit)) * rng.uniform(10, 20, len(hit)) * NOISE)
    values = table.to_numpy().copy()
    values[day, hit] *= factor
    return pd.DataFrame(values, index=DAYS), set(zip(hit.tolist(), DAYS[day], strict=True))


def test_planted_days_are_found() -> None:
    """Eight draws that were not used while the thresholds were chosen."""
    found = right = all_planted = 0
    for seed in range(2_000, 2_008):
        table, truth = planted(500, seed)
        told = set(find_anomalies(take_apart(table))[["series", "date_day"]].itertuples(index=False, name=None))
        found, right, all_planted = found + len(told), right + len(told & truth), all_planted + len(truth)
    assert right / all_planted >= 0.90
    assert right / found >= 0.95


def test_where_nothing_happened_nothing_is_told() -> None:
    """At most one alert per 2,000 metrics."""
    alerts = sum(len(find_anomalies(take_apart(series(1_000, seed)[0]))) for seed in range(400, 406))
    assert alerts <= 3


def test_what_is_told_of_a_day() -> None:
    table, _ = series(40, seed=7)
    usual = float(take_apart(table).expected.iloc[-3, 5])
    table.iloc[-3, 5] = 5 * usual
    (row,) = find_anomalies(take_apart(table)).itertuples(index=False)
    assert (row.series, row.date_day) == (5, DAYS[-3])
    assert row.value == pytest.approx(5 * usual)
    assert row.expected == pytest.approx(usual)
    assert row.change == pytest.approx(4)
    assert row.surprise > 10
    assert row.p_value <= row.q_value <= 0.03


def test_a_day_of_many_tickets_among_few() -> None:
    """Some 12 a day in the week, 1 at the weekend: on a logarithmic scale the weekends would hide a day of 74."""
    rng = np.random.default_rng(3)
    usual = np.where(DAYS.day_of_week.to_numpy() < 5, 12.0, 1.0)
    table = pd.DataFrame(rng.poisson(usual[:, None] * np.ones(20)), index=DAYS).astype(float)
    day = next(at for at in range(len(DAYS) - 1, 0, -1) if DAYS[at].day_of_week == 2)
    table.loc[DAYS[day], 7] = 74.0
    apart = take_apart(table)
    assert (apart.scale == "root").all()
    (row,) = find_anomalies(apart).itertuples()
    assert (row.series, row.date_day) == (7, DAYS[day])
    assert 9 < row.expected < 15


def test_what_comes_later_changes_nothing_expected_before() -> None:
    table, _ = series(20, seed=8)
    changed = table.copy()
    changed.iloc[-1] *= 9
    before, after = take_apart(table).expected.iloc[:-1], take_apart(changed).expected.iloc[:-1]
    pd.testing.assert_frame_equal(before, after)


def test_short_still_and_missing_series() -> None:
    """Too short, without movement, or with gaps: no alarm and no error."""
    table, _ = series(5, seed=9)
    table[0] = np.nan
    table.iloc[-20:, 0] = 100.0
    table[1] = 5.0
    table[2] = -table[2]
    table.iloc[100:130, 3] = np.nan
    table.iloc[-2:, 4] = np.nan
    apart = take_apart(table)
    assert list(apart.values.columns) == [2, 3, 4]
    assert apart.scale[2] == "as it is"
    assert find_anomalies(apart).empty
    assert find_anomalies(take_apart(table[[0, 1]])).empty


def test_days_with_gaps_are_refused() -> None:
    table, _ = series(2, seed=10)
    with pytest.raises(ValueError, match="in order and without gaps"):
        take_apart(table.drop(index=DAYS[50]))
