"""The customer-success team: what it hears comes from the state of the account, not from its future; what it does keeps some."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pytest

from simulator import devices, rescues, success_team
from simulator import talks as talking
from simulator.accounts import Accounts, draw_accounts
from simulator.billing import Columns
from simulator.life import History, live_through
from simulator.people import draw_people
from simulator.settings import NEVER, Array, Settings

SETTINGS = Settings(accounts=6000, days=420, seed=3, end=date(2026, 10, 31))
FIRSTS = np.array([month.first_day for month in SETTINGS.calendar.months])


class Lived(NamedTuple):
    accounts: Accounts
    before: History  # without what interventions change
    history: History
    interventions: Columns
    rescued: Columns
    talks: Columns


@pytest.fixture(scope="module")
def lived() -> Lived:
    accounts = draw_accounts(SETTINGS)
    people = draw_people(SETTINGS, accounts)
    team = talking.draw_team(SETTINGS, accounts)
    before = live_through(SETTINGS, accounts, people, team)
    interventions = success_team.draw_interventions(SETTINGS, accounts, team, before)
    history = deepcopy(before)
    rescued = rescues.rescue(SETTINGS, accounts, people, team, history, interventions)
    planned = talking.planned_talks(SETTINGS, accounts, team, history.end_day, history.talks)
    talks = {name: np.concatenate([values, planned[name]]) for name, values in history.talks.items()}
    return Lived(accounts, before, history, interventions, rescued, talks)


def month_of(day: Array) -> Array:
    return np.searchsorted(FIRSTS, day, side="right") - 1


def by_month(lived: Lived, values: Array) -> Array:
    """A value of the rows of hazard, laid out by account and month; not-a-number elsewhere."""
    hazards, size = lived.before.hazards, (len(lived.accounts), len(FIRSTS) + 2)
    table = np.full(size, np.nan)
    table[hazards["account"], hazards["month"]] = values
    return table


def signals(talks: Columns) -> dict[str, tuple[Array, Array]]:
    """signal -> (which talks can show it, whether they do); more is worse."""
    is_talk = (talks["status"] != talking.PLANNED) & (talks["kind"] != talking.EMAIL)
    asked = talks["expects_answer"].astype(bool)
    return {
        "missed": (is_talk, talks["status"] == talking.MISSED),
        "unanswered": (asked, np.isnat(talks["responded_at"])),
        "bad outcome": (talks["outcome"] >= 0, talks["outcome"] >= 2),
        "no champion": (talks["champion"] >= 0, talks["champion"] == 0),
        "competitor": (talks["competitor"] >= 0, talks["competitor"] == 1),
        "pricing": (talks["pricing"] >= 0, talks["pricing"] == 1),
        "budget": (talks["budget"] >= 0, talks["budget"] == 1),
        "feature": (talks["feature"] >= 0, talks["feature"] == 1),
    }


def difference(one: Array, two: Array) -> tuple[float, float]:
    """Difference of two shares, and its standard error."""
    error = np.sqrt(one.var() / len(one) + two.var() / len(two))
    return float(one.mean() - two.mean()), float(error)


@pytest.mark.parametrize(
    ("signal", "term", "least"),
    [
        ("missed", "disengaged", 0.04),
        ("unanswered", "disengaged", 0.06),
        ("bad outcome", "disengaged", 0.05),
        ("no champion", "champion_lost", 0.2),
        ("competitor", "hidden_pull", 0.12),
        ("pricing", "price_rise", 0.15),
        ("budget", "payment_trouble", 0.05),
        ("feature", "poor_fit", 0.06),
    ],
)
def test_talks_show_the_state_and_not_too_clearly(lived: Lived, signal: str, term: str, least: float) -> None:
    can, does = signals(lived.talks)[signal]
    if term == "payment_trouble":
        value = lived.accounts.payment_trouble[lived.talks["account"]]
    else:
        value = by_month(lived, lived.before.hazards[term])[lived.talks["account"], month_of(lived.talks["day"])]
    can = can & ~np.isnan(value)
    high = value[can] > np.quantile(value[can], 0.9 if term == "champion_lost" else 0.8)
    gap, error = difference(does[can][high].astype(float), does[can][~high].astype(float))
    assert gap > least and gap > 4 * error
    assert does[can][~high].mean() > 0.02, "healthy accounts do it too"


def test_no_talk_knows_who_leaves_next(lived: Lived) -> None:
    """Of accounts in the same state, those that give notice in the month of the talk talk like those that stay.

    Who leaves was drawn when the month began; later notices may come of the talk, since bad talks are among the reasons to leave.

    A hazard can be made of one cause or another, so each signal is compared with what its own probability makes of the state:
    talks of those that leave are weighed against talks of others in the same tenth of that state.
    """
    departures = lived.before.departures
    leaves = np.zeros((len(lived.accounts), len(FIRSTS) + 2), dtype=bool)
    leaves[departures["account"], month_of(departures["notice_day"])] = True
    who, month = lived.talks["account"], month_of(lived.talks["day"])
    hazards, accounts = lived.before.hazards, lived.accounts
    state = state_of_hazards(lived)
    cool = by_month(lived, talking.coolness(accounts, state))[who, month]
    said = talking.said_log_odds(accounts, state)
    states = {
        "missed": cool,
        "unanswered": cool,
        "bad outcome": cool,
        "no champion": by_month(lived, hazards["champion_lost"])[who, month],
        "competitor": by_month(lived, said["competitor"])[who, month],
        "pricing": by_month(lived, said["pricing"])[who, month],
        "budget": accounts.payment_trouble[who],
        "feature": -accounts.fit[who],
    }
    for name, (can, does) in signals(lived.talks).items():
        state = states[name]
        can = can & ~np.isnan(cool)
        strata = np.searchsorted(np.quantile(state[can], np.linspace(0.05, 0.95, 19)), state[can])
        goes, shows = leaves[who, month][can], does[can].astype(float)
        total, variance = 0.0, 0.0
        for stratum in np.unique(strata):
            inside, going = strata == stratum, goes & (strata == stratum)
            usual = shows[inside & ~goes].mean()
            total += (shows[going] - usual).sum()
            variance += going.sum() * usual * (1 - usual)
        assert goes.sum() > 300
        assert abs(total) < 3.5 * np.sqrt(variance), name


def state_of_hazards(lived: Lived) -> Columns:
    """The state that the hazards of `before` were made of, row by row."""
    states = lived.before.states
    keys = states["account"] * 1000 + states["month"]
    order = np.argsort(keys)
    wanted = lived.before.hazards["account"] * 1000 + lived.before.hazards["month"]
    rows = order[np.searchsorted(keys[order], wanted)]
    return {name: values[rows] for name, values in states.items()}


def test_some_accounts_hear_from_nobody(lived: Lived) -> None:
    quiet = ~np.isin(np.arange(len(lived.accounts)), lived.talks["account"])
    silent_owner = np.array([owner is None for owner in lived.accounts.csm_owner])
    assert quiet[silent_owner].mean() > 0.18 > 0.15 > quiet[~silent_owner].mean()
    planned = lived.talks["status"] == talking.PLANNED
    assert (lived.talks["day"][planned] >= SETTINGS.days).all() and 50 < planned.sum() < 0.1 * len(planned)


def test_interventions_go_to_the_troubled_but_not_to_all_of_them(lived: Lived) -> None:
    hazards, made = lived.before.hazards, lived.interventions
    key = hazards["account"] * 1000 + hazards["month"]
    treated = np.isin(key, made["account"] * 1000 + month_of(made["start_day"]))
    looks_bad = (hazards["open_urgent_tickets"] > 0.5) | (hazards["usage_drop"] > 0.7)
    assert hazards["hazard"][treated].mean() > 1.15 * hazards["hazard"][~treated].mean()
    assert 0.04 < treated[looks_bad].mean() < 0.4 and 0.005 < treated[~looks_bad].mean() < 0.04


def test_interventions_avert_the_stated_share(lived: Lived) -> None:
    gone, made = lived.before.departures, lived.interventions
    wait = gone["notice_day"][:, None] - made["start_day"][None, :]
    soon = ((gone["account"][:, None] == made["account"][None, :]) & (wait > 0) & (wait <= 90)).any(axis=1)
    is_last = gone["end_day"] == lived.before.end_day[gone["account"]]
    eligible, saved = int((soon & is_last).sum()), len(lived.rescued["account"])
    assert eligible > 60
    assert abs(saved - rescues.SAVES * eligible) < 3.5 * np.sqrt(eligible * rescues.SAVES * (1 - rescues.SAVES))
    assert len(gone["account"]) - saved == len(lived.history.departures["account"])
    assert (lived.history.end_day[lived.rescued["account"]] == NEVER).all()


@pytest.mark.parametrize("table", ["use", "states", "tickets", "surveys", "invoices"])
def test_the_lives_of_others_stay_and_the_kept_live_on(lived: Lived, table: str) -> None:
    before, after = getattr(lived.before, table), getattr(lived.history, table)
    kept = lived.rescued["account"]
    for name, values in before.items():
        others = ~np.isin(after["account"], kept)
        np.testing.assert_array_equal(values[~np.isin(before["account"], kept)], after[name][others], err_msg=name)
    more = np.isin(after["account"], kept).sum() - np.isin(before["account"], kept).sum()
    assert more > 0


def test_goals_are_reached_more_often_with_good_fit(lived: Lived) -> None:
    team = talking.draw_team(SETTINGS, lived.accounts)
    goals, standings = success_team.draw_goals(SETTINGS, lived.accounts, team, lived.history)
    reached = np.isin(goals["goal"], standings["goal"][standings["achieved_day"] < NEVER])
    due = goals["target_day"] < SETTINGS.days
    fits = lived.accounts.fit[goals["account"]] > 0
    gap, error = difference(reached[due & fits].astype(float), reached[due & ~fits].astype(float))
    assert gap > 0.05 and gap > 4 * error
    assert np.bincount(goals["account"]).max() == 4
    assert (standings["progress"] <= 1).all() and (standings["progress"] >= 0).all()


def test_trouble_of_devices_waits_for_worn_ones(lived: Lived) -> None:
    found, visits, spells = devices.draw_devices(SETTINGS, lived.accounts)
    industry = lived.accounts.industry[found["account"]]
    assert 0.2 < len(np.unique(found["account"])) / len(lived.accounts) < 0.3
    assert np.isin(industry.astype(str), list(devices.OWNERS)).mean() > 0.75
    assert np.bincount(found["account"]).max() == 12
    keys = np.sort(
        np.concatenate(
            [
                visits["device"] * 100_000 + visits["day"] + 5_000,
                found["device"] * 100_000 + found["installed_day"] + 5_000,
            ]
        )
    )
    begins = spells["device"] * 100_000 + spells["from_day"] + 5_000
    since = (begins - keys[np.searchsorted(keys, begins, side="right") - 1]) / found["interval"][spells["device"]]
    assert (since > 0.5).mean() > 0.6  # by chance it would be the half


def test_the_portal_is_busy_where_accounts_are(company: Any) -> None:
    log = company.read("customer_activity_log/*.jsonl.gz").replace(
        "union_by_name", "ignore_errors = true, union_by_name"
    )
    amount, users, logins = company.query(
        f"""
        select count(*) / count(distinct customer_id || left(activity_at::varchar, 7)),
            count(distinct user_id), count(*) filter (where activity_type = 'first_login')
        from (select distinct * from {log}) where activity_id is not null
        """
    )[0]
    assert 30 < amount < 80
    assert 0.05 * users < logins <= users
    twice = company.query(
        f"select user_id from (select distinct * from {log}) where activity_type = 'first_login' group by 1 having count(*) > 1"
    )
    assert twice == []
    (together,) = company.query(
        f"""
        select corr(n, -term_disengaged) from (
            select customer_id, left(activity_at::varchar, 7) as month, count(*) as n from {log} group by all
        ) inner join '{company.truth("hazard_by_month")}' using (customer_id, month)
        """
    )[0]
    assert 0.1 < together < 0.7
