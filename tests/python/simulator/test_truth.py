"""The planted causes: they hold, they are not the whole story, and what should be independent is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from simulator.accounts import Accounts, adopts, draw_accounts
from simulator.database import open_session
from simulator.life import History, live_through
from simulator.people import People, draw_people
from simulator.settings import NEVER, Array, Settings
from simulator.talks import draw_team

SETTINGS = Settings(accounts=2500, days=420, seed=3, end=date(2026, 10, 31))


@pytest.fixture(scope="module")
def lives() -> tuple[Accounts, People, History]:
    accounts = draw_accounts(SETTINGS)
    people = draw_people(SETTINGS, accounts)
    return accounts, people, live_through(SETTINGS, accounts, people, draw_team(SETTINGS, accounts))


def left_in_month(history: History) -> Array:
    """For every row of the hazards: did the account give notice in that month?"""
    firsts = np.array([month.first_day for month in SETTINGS.calendar.months])
    month = np.searchsorted(firsts, history.departures["notice_day"], side="right") - 1
    return np.isin(
        history.hazards["account"] * 1000 + history.hazards["month"], history.departures["account"] * 1000 + month
    )


def rank_auc(score: Array, is_hit: Array) -> float:
    order = score.argsort().argsort() + 1.0
    hits = int(is_hit.sum())
    return float((order[is_hit].sum() - hits * (hits + 1) / 2) / (hits * (len(score) - hits)))


def test_hazard_is_right_on_average_and_far_from_certain(lives: tuple[Accounts, People, History]) -> None:
    history = lives[2]
    hazard, left = history.hazards["hazard"], left_in_month(history)
    assert abs(left.sum() - hazard.sum()) < 4 * np.sqrt((hazard * (1 - hazard)).sum())
    for low, high in ((0, 0.5), (0.5, 0.9), (0.9, 1)):
        inside = (hazard >= np.quantile(hazard, low)) & (hazard <= np.quantile(hazard, high))
        expected = hazard[inside].sum()
        assert abs(left[inside].sum() - expected) < 4 * np.sqrt(expected)
    assert 0.68 < rank_auc(hazard, left) < 0.9
    assert 0.01 < left.mean() < 0.05


@pytest.mark.parametrize(
    "term",
    [
        "champion_lost",
        "usage_drop",
        "bad_talks",
        "price_talk",
        "failed_payments",
        "competitor_talk",
        "hidden_pull",
        "renewal_month",
    ],
)
def test_every_planted_cause_pushes(lives: tuple[Accounts, People, History], term: str) -> None:
    history = lives[2]
    left, value = left_in_month(history), history.hazards[term]
    error = value.std() * np.sqrt(1 / left.sum() + 1 / (~left).sum())
    assert value[left].mean() - value[~left].mean() > 2 * error


def test_behaviour_shows_causes_only_noisily(lives: tuple[Accounts, People, History]) -> None:
    accounts, _, history = lives
    use = history.use
    last_month = use["month"] == len(SETTINGS.calendar.months) - 1
    who = use["account"][last_month]
    seen = np.corrcoef(np.log(use["activity"][last_month]), history.engagement[who])[0, 1]
    assert 0.2 < seen < 0.75
    locked = accounts.is_locked_in[history.hazards["account"]]
    assert history.hazards["hazard"][locked].mean() < 0.5 * history.hazards["hazard"][~locked].mean()
    outside = history.departures["cause"] == "outside_event"
    assert 0.04 < outside.mean() < 0.3


def test_people_leave_come_back_and_change_terms(lives: tuple[Accounts, People, History]) -> None:
    history = lives[2]
    terms = history.contracts.terms.columns()
    assert (terms["subscription"] >= len(lives[0])).sum() > 30  # second subscriptions
    assert history.contracts.failed_trial.sum() > 20
    assert (history.end_day == NEVER).mean() > 0.5
    keys = terms["subscription"] * 10_000_000 + terms["effective_day"] + 5_000
    assert len(np.unique(keys)) == len(keys)
    ends = history.contracts.endings.columns()
    assert (ends["end_day"] >= ends["notice_day"]).all()
    assert len(np.unique(ends["subscription"])) == len(ends["subscription"])


def chi_square_excess(one: Array, two: Array) -> float:
    """Chi-square of a table in standard deviations above its expectation under independence."""
    table = np.zeros((int(one.max()) + 1, int(two.max()) + 1))
    np.add.at(table, (one, two), 1)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return float((((table - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom))


def test_attributes_of_accounts_are_independent(lives: tuple[Accounts, People, History]) -> None:
    accounts = lives[0]
    industry = np.unique(accounts.industry.astype(str), return_inverse=True)[1]
    owner = np.unique(accounts.csm_owner[accounts.tier > 0].astype(str), return_inverse=True)[1]
    pairs = {
        "tier, country": (accounts.tier, accounts.country),
        "tier, industry": (accounts.tier, industry),
        "industry, country": (industry, accounts.country),
        "channel, tier": (accounts.channel, accounts.tier),
        "owner, country": (owner, accounts.country[accounts.tier > 0]),
        "hidden pull, tier": (accounts.hidden_pull.astype(int), accounts.tier),
    }
    for name, (one, two) in pairs.items():
        assert chi_square_excess(one, two) < 4.5, name
    latent = np.corrcoef(
        [
            accounts.fit,
            accounts.onboarding,
            accounts.price_sensitivity,
            accounts.payment_trouble,
            accounts.champion_loss_day,
        ]
    )
    assert np.abs(latent - np.eye(5)).max() < 0.09


def test_draws_of_events_are_independent_and_even(tmp_path: Path) -> None:
    names = ["opens", "device", "pages", "pace", "t1", "t2", "feature", "fails", "a", "b"]
    with open_session(SETTINGS, tmp_path) as session:
        columns = ", ".join(f"draw(k, '{name}')" for name in names)
        rows = session.execute(
            f"select {columns}, draw(mix(k, 1), 'a'), draw(mix(k, 2), 'a'), draw(mix(mix(first_key(), i + 1), 5), 'a')"
            " from (select i, mix(mix(first_key(), i), 5) as k from range(60000) as numbers (i))"
        ).fetchall()
    draws = np.array(rows).T
    count = draws.shape[1]
    assert np.abs(np.corrcoef(draws) - np.eye(len(draws))).max() < 4.5 / np.sqrt(count)
    assert np.abs(draws.mean(axis=1) - 0.5).max() < 4.5 / np.sqrt(12 * count)
    cells = np.floor(draws * 10).astype(int)
    for one in range(len(cells)):
        for two in range(one):
            assert chi_square_excess(cells[one], cells[two]) < 5, (one, two)


def test_features_in_use_match_their_number(lives: tuple[Accounts, People, History]) -> None:
    accounts = lives[0]
    total = np.sum([adopts(accounts, feature) for feature in range(16)], axis=0)
    assert (total == accounts.features_adopted).all()
