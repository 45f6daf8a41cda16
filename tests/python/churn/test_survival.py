"""Times to leave are those of a law that is known."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.churn.survival import StayingModel, fit_staying


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds, days followed, whether it left: hazard a day is 0.004 * exp(0.8 * log-odds), followed for a year at most."""
    rng = np.random.default_rng(2)
    odds = rng.normal(size=4_000)
    days = rng.exponential(1 / (0.004 * np.exp(0.8 * odds)))
    end = rng.uniform(100, 365, size=4_000)
    return odds, np.minimum(days, end), days <= end


def test_quantiles_are_those_of_the_law(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    odds, days, left = drawn
    model = fit_staying(odds, days, left, np.arange(len(odds)))
    assert model.slope == pytest.approx(0.8, abs=0.06)
    times = model.times(np.array([-1.0, 0.0, 1.0]))
    for name, gone in (("low_days", 0.1), ("expected_days", 0.5), ("high_days", 0.9)):
        expected = -np.log(1 - gone) / (0.004 * np.exp(0.8 * np.array([-1.0, 0.0, 1.0])))
        np.testing.assert_allclose(times[name], expected, rtol=0.15)
    # half of the likeliest are gone after 78 days, of the others' only beyond the year for the first
    assert times["is_extrapolated"].tolist() == [True, False, False]


def test_a_model_kept_as_text_says_the_same(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    odds, days, left = drawn
    model = fit_staying(odds, days, left, np.arange(len(odds)))
    again = StayingModel.from_json(model.to_json())
    assert again.times(odds[:50]).equals(model.times(odds[:50]))


def test_nobody_left_is_said() -> None:
    with pytest.raises(ValueError, match="nobody left"):
        fit_staying(np.zeros(5), np.ones(5), np.zeros(5, dtype=bool), np.arange(5))
