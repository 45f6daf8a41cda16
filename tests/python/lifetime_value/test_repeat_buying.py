"""Models of repeat buying against the papers' worked examples, and on purchases drawn from laws that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.lifetime_value.bgnbd import BgNbd, fit_bgnbd
from intelligence.lifetime_value.gamma_gamma import GammaGamma, fit_gamma_gamma
from intelligence.lifetime_value.purchases import purchase_summary

#: Table 2 and section 4 of Fader, Hardie and Lee (2005), in weeks.
PAPER = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def drawn(law: BgNbd, customers: int, weeks: float, seed: int) -> pd.DataFrame:
    """A log of purchases of customers who all came in the first quarter of the time."""
    rng = np.random.default_rng(seed)
    born = rng.uniform(0, weeks / 4, customers)
    rate, goes = rng.gamma(law.r, 1 / law.alpha, customers), rng.beta(law.a, law.b, customers)
    rows = [pd.DataFrame({"customer_id": np.arange(customers), "week": born})]
    here, now = np.arange(customers), born
    while len(here):
        now = now + rng.exponential(1 / rate[here])
        kept = now <= weeks
        here, now = here[kept], now[kept]
        rows.append(pd.DataFrame({"customer_id": here, "week": now}))
        stays = rng.random(len(here)) >= goes[here]
        here, now = here[stays], now[stays]
    return pd.concat(rows, ignore_index=True)


def summed(log: pd.DataFrame, until: float) -> pd.DataFrame:
    """The same as `purchase_summary`, on times that are not days."""
    seen = log[log["week"] <= until].groupby("customer_id")["week"].agg(["min", "max", "size"])
    return pd.DataFrame(
        {"frequency": seen["size"] - 1, "recency": seen["max"] - seen["min"], "age": until - seen["min"]}
    )


def test_the_papers_worked_example() -> None:
    """x = 2, t_x = 30.43, T = 38.86 weeks: 1.226 purchases in the next 39 weeks."""
    (expected,) = PAPER.expected_purchases(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert round(float(expected), 3) == 1.226


def test_known_parameters_are_found_again() -> None:
    fitted = fit_bgnbd(summed(drawn(PAPER, 20_000, 78, seed=1), 78))
    for name in ("r", "alpha", "a", "b"):
        assert getattr(fitted, name) == pytest.approx(getattr(PAPER, name), rel=0.2), name
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(PAPER.a / (PAPER.a + PAPER.b), rel=0.1)


def test_what_is_foretold_comes(subtests: pytest.Subtests) -> None:
    """Fitted to the first 39 weeks, the next 39 come as foretold, in all and by how often somebody had bought; intervals cover."""
    log = drawn(PAPER, 8_000, 78, seed=2)
    summary = summed(log, 39)
    model = fit_bgnbd(summary)
    x, t_x, age = (summary[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    expected = model.expected_purchases(39, x, t_x, age)
    came = log[log["week"] > 39].groupby("customer_id").size().reindex(summary.index).fillna(0).to_numpy(float)
    assert expected.sum() == pytest.approx(came.sum(), rel=0.08)
    for least, most in ((0, 0), (1, 2), (3, 6), (7, 1_000)):
        with subtests.test(bought=(least, most)):
            those = (x >= least) & (x <= most)
            assert expected[those].sum() == pytest.approx(came[those].sum(), rel=0.2)
    low, high = model.purchase_interval(39, x, t_x, age)
    assert ((low <= came) & (came <= high)).mean() >= 0.8


def test_what_is_drawn_for_the_interval_has_the_mean_of_the_formula() -> None:
    """The interval's draws and the formula are two ways to the same: their means agree, also beyond a = 1."""
    for law in (PAPER, BgNbd(1.5, 6.0, 1.0, 4.0), BgNbd(0.8, 3.0, 2.5, 9.0)):
        x, t_x, age = np.array([0.0, 1.0, 8.0]), np.array([0.0, 4.0, 30.0]), np.array([20.0, 30.0, 33.0])
        rng = np.random.default_rng(0)
        size = (200_000, 3)
        alive = rng.random(size) < law.probability_alive(x, t_x, age)
        bought = np.minimum(
            rng.poisson(rng.gamma(law.r + x, 1 / (law.alpha + age), size) * 26),
            rng.geometric(rng.beta(law.a, law.b + x, size).clip(1e-12, 1)),
        )
        np.testing.assert_allclose((alive * bought).mean(axis=0), law.expected_purchases(26, x, t_x, age), rtol=0.02)


@settings(max_examples=50, deadline=None)
@given(
    x=st.integers(0, 300),
    age=st.floats(0.1, 500),
    part=st.floats(0, 1),
    horizon=st.floats(0.1, 200),
)
def test_nothing_impossible_is_foretold(x: int, age: float, part: float, horizon: float) -> None:
    frequency, recency, ages = np.array([float(x)]), np.array([age * part if x else 0.0]), np.array([age])
    (alive,) = PAPER.probability_alive(frequency, recency, ages)
    (expected,) = PAPER.expected_purchases(horizon, frequency, recency, ages)
    assert 0 <= alive <= 1
    assert 0 <= expected <= (PAPER.r + x) / (PAPER.alpha + age) * horizon * (1 + 1e-6) + 1e-9


def test_the_gamma_gamma_law_is_found_again() -> None:
    law = GammaGamma(p=6.25, q=3.74, v=15.44)  # the values of the paper's note for CDNOW
    rng = np.random.default_rng(3)
    customers = 20_000
    frequency = rng.poisson(2, customers) + 1
    means = rng.gamma(law.p * frequency, 1 / (rng.gamma(law.q, 1 / law.v, customers) * frequency))
    fitted = fit_gamma_gamma(pd.DataFrame({"frequency": frequency, "monetary_value": means}))
    for name in ("p", "q", "v"):
        assert getattr(fitted, name) == pytest.approx(getattr(law, name), rel=0.1), name
    expected = fitted.expected_value(np.array([0.0, 4.0]), np.array([0.0, 100.0]))
    assert expected[0] == pytest.approx(law.p * law.v / (law.q - 1), rel=0.03)
    assert expected[0] < expected[1] < 100


def test_a_plain_log_is_summed_up() -> None:
    log = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "a", "b", "c"],
            "purchased_at": [
                "2026-01-01",
                "2026-01-15 09:00",
                "2026-01-15 18:00",
                "2026-03-01",
                "2026-01-08",
                "2026-02-20",
            ],
            "value": [10.0, 20.0, 30.0, 99.0, 7.0, 5.0],
        }
    )
    found = purchase_summary(log, pd.Timestamp("2026-01-29"))
    assert found.to_dict("records") == [
        {"customer_id": "a", "frequency": 1, "recency": 2.0, "age": 4.0, "monetary_value": 50.0},
        {"customer_id": "b", "frequency": 0, "recency": 0.0, "age": 3.0, "monetary_value": 0.0},
    ]


def test_what_cannot_be_fitted_is_said() -> None:
    once = pd.DataFrame({"frequency": [0, 0], "recency": [0.0, 0.0], "age": [3.0, 4.0], "monetary_value": [0.0, 0.0]})
    with pytest.raises(ValueError, match="nobody has bought twice"):
        fit_bgnbd(once)
    with pytest.raises(ValueError, match="nobody has bought twice"):
        fit_gamma_gamma(once)
    with pytest.raises(ValueError, match="between 0 and age"):
        fit_bgnbd(once.assign(frequency=1, recency=9.0))
