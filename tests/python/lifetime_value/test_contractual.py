"""Survival times margin: the paper's worked example, accounts drawn from a law that is known, and what must hold of any forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from intelligence.lifetime_value.contractual import Departures, departures, fit_sbg, learn_retention

#: Fader and Hardie (2007), table 1: of 1,000 customers so many are there after each year, and the parameters of their figures.
PAPER = {
    "regular": ([1000, 631, 468, 382, 326, 289, 262, 241], 0.704, 1.182),
    "high end": ([1000, 869, 743, 653, 593, 551, 517, 491], 0.668, 3.806),
}


@pytest.mark.parametrize("case", PAPER)
def test_the_papers_worked_example(case: str) -> None:
    survivors, alpha, beta = PAPER[case]
    there = np.array(survivors, dtype=float)
    left = np.concatenate([[0.0], -np.diff(there)])
    kept, entered = np.zeros(len(there)), np.zeros(len(there))
    kept[-1], entered[0] = there[-1], there[0]
    fitted = fit_sbg(Departures(entered, left, kept))
    assert (fitted.alpha, fitted.beta) == (pytest.approx(alpha, abs=0.0015), pytest.approx(beta, abs=0.0015))


def accounts(number: int, seed: int, alpha: float = 1.2, beta: float = 30.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Spells of accounts that came over 60 months, as seen by a list that begins in month 36; and the month of its life in which each leaves."""
    rng = np.random.default_rng(seed)
    began = rng.integers(0, 60, number).astype(float)
    life = rng.geometric(rng.beta(alpha, beta, number)).astype(float)
    on_list = began + life > 36
    began, life = began[on_list], life[on_list]
    seen = 60 - began
    ended = life <= seen
    return (
        pd.DataFrame(
            {
                "entry_months": np.maximum(36 - began, 0),
                "tenure_months": np.where(ended, life, seen),
                "has_ended": ended,
            }
        ),
        life,
    )


def test_intervals_cover_what_becomes_of_accounts_known_from_late_on() -> None:
    """Of accounts that left before the list began nothing is known. Foretold from it, the rest of their life comes as foretold, also with few to learn
    from, where the parameters are uncertain.
    """
    inside, foretold, came, width = [], 0.0, 0.0, []
    for seed in range(30):
        spells, life = accounts(400, seed)
        retention = learn_retention(departures(spells))
        running = ~spells["has_ended"].to_numpy()
        tenure = spells.loc[running, "tenure_months"].to_numpy()
        value = retention.value(tenure, np.full(len(tenure), 100.0), np.full(len(tenure), 24.0))
        months = np.minimum(life[running] - tenure - 0.5, 24.0)
        inside.append(((value["low"] <= 100 * months + 1e-6) & (100 * months <= value["high"] + 1e-6)).mean())
        width.append((value["high"] - value["low"]).mean())
        foretold += value["expected"].sum()
        came += 100 * months.sum()
    assert np.mean(inside) == pytest.approx(
        0.88, abs=0.08
    )  # months are whole, so a little more than four fifths lie inside
    assert foretold == pytest.approx(came, rel=0.03)
    assert np.mean(width) < 2_400


def test_without_their_late_entry_accounts_would_seem_to_stay_too_long() -> None:
    spells, _ = accounts(20_000, 1)
    right = fit_sbg(departures(spells))
    wrong = fit_sbg(departures(spells.assign(entry_months=0.0)))
    truth = 1.2 / 31.2
    assert right.alpha / (right.alpha + right.beta) == pytest.approx(truth, rel=0.1)
    assert wrong.alpha / (wrong.alpha + wrong.beta) < 0.85 * truth


def test_value_is_in_order_and_ends_with_the_notice() -> None:
    spells, _ = accounts(500, 2)
    retention = learn_retention(departures(spells))
    tenure, margin = np.array([0.0, 12.0, 40.0, 12.0, 12.0]), np.array([10.0, 10.0, 10.0, 0.0, 10.0])
    value = retention.value(tenure, margin, np.array([36.0, 36.0, 36.0, 36.0, 2.5]), 0.1)
    assert (value["low"] <= value["high"]).all()
    assert value["expected"][0] < value["expected"][1] < value["expected"][2] < 360
    assert value["expected"][3] == 0
    assert value["high"][4] <= 25
    assert value["expected"][4] > 20
    undiscounted = retention.value(tenure, margin, np.full(5, 36.0))
    assert (undiscounted["expected"][:3] > value["expected"][:3]).all()


def test_few_departures_lean_on_the_others_and_many_speak_for_themselves() -> None:
    often, _ = accounts(3_000, 3, alpha=3.0, beta=17.0)
    seldom, _ = accounts(3_000, 4, alpha=0.5, beta=99.5)
    size = 60

    def mean_of(own: pd.DataFrame) -> float:
        best = learn_retention(departures(own, size), departures(often, size)).likeliest
        return best.alpha / (best.alpha + best.beta)

    alone = fit_sbg(departures(seldom))
    assert mean_of(seldom) == pytest.approx(alone.alpha / (alone.alpha + alone.beta), rel=0.25)
    nobody = seldom[~seldom["has_ended"]].head(5)
    assert 0.05 < mean_of(nobody) < 0.2
    with pytest.raises(ValueError, match="nobody left"):
        learn_retention(departures(nobody))
