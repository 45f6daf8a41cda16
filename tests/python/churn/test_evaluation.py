"""Models are judged on what they could not know, and the measures are those of the books."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.churn.evaluation import (
    area,
    areas_drawn,
    calibration,
    calibration_error,
    interval,
    population_stability,
    split_by_time,
)


@given(horizon=st.integers(1, 120), weeks=st.integers(10, 60))
def test_no_outcome_of_the_training_reaches_into_the_test(horizon: int, weeks: int) -> None:
    days = pd.Series(pd.date_range("2026-01-01", periods=weeks, freq="7D")).repeat(3).reset_index(drop=True)
    split = split_by_time(days, horizon)
    assert (days[split.train] + pd.Timedelta(days=horizon) < split.begins).all()
    assert (days[split.test] >= split.begins).all()
    assert split.test.any()
    assert not (split.train & split.test).any()


def test_the_interval_covers_the_area_about_as_often_as_it_says() -> None:
    """Accounts with several rows each that share one outcome: drawing rows would make the interval far too narrow."""
    rng = np.random.default_rng(5)
    covered = 0
    for draw in range(30):
        outcome = rng.random(150) < 0.3
        score = rng.normal(size=150) + outcome
        rows = np.repeat(np.arange(150), 6)
        drawn = areas_drawn({"score": score[rows]}, outcome[rows], rows, seed=draw)
        low, high = interval(drawn["score"])
        covered += low <= 0.7602 <= high  # normal distribution function of 1 / sqrt(2)
    assert 23 <= covered <= 30


def test_calibration_is_what_it_is_called() -> None:
    probability = np.repeat([0.1, 0.4], 500)
    left = np.concatenate([np.arange(500) < 50, np.arange(500) < 300])
    table = calibration(probability, left)
    assert table.round(6).to_dict("list") == {"predicted": [0.1, 0.4], "observed": [0.1, 0.6], "rows": [500, 500]}
    assert calibration_error(table) == pytest.approx(0.1)


def test_one_outcome_has_no_area() -> None:
    assert np.isnan(area(np.array([0.1, 0.2]), np.array([False, False])))


def test_what_has_moved_is_found_and_what_has_not_is_left() -> None:
    rng = np.random.default_rng(1)
    then = pd.DataFrame(
        {"same": rng.normal(size=4_000), "moved": rng.normal(size=4_000), "lost": rng.normal(size=4_000), "kind": "a"}
    )
    now = pd.DataFrame(
        {
            "same": rng.normal(size=2_000),
            "moved": rng.normal(size=2_000) + 1,
            "lost": np.nan,
            "kind": ["a", "b"] * 1_000,
        }
    )
    found = population_stability(then, now).set_index("feature")
    assert found.loc["same", "stability_index"] < 0.02
    assert (found.loc[["moved", "lost", "kind"], "stability_index"] > 0.25).all()
    assert found.loc["lost", ["missing_then", "missing_now"]].tolist() == [0, 1]


def test_shares_worked_out_by_hand() -> None:
    then, now = pd.DataFrame({"x": [0.0] * 50 + [1.0] * 50}), pd.DataFrame({"x": [0.0] * 20 + [1.0] * 80})
    index = population_stability(then, now)["stability_index"][0]
    assert index == pytest.approx((0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5))
