"""Talks of the customer-success team with the accounts: with whom, how often, how they go and what is said.

What shows in a talk comes from the state of the account when the month began, and never from what happens later. Talks that
went badly are then among the reasons to leave (see simulator/hazard.py). Healthy accounts have such talks too, fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.accounts import Accounts
from simulator.billing import Columns, joined
from simulator.settings import NEVER, Array, Settings

#: Talks a month (30 days), by tier.
CADENCE = (1.0, 1.5, 2.5)
#: Share of the accounts with an owner, and without one, that nobody ever talks to.
NEVER_ENGAGED, NEVER_ENGAGED_WITHOUT_OWNER = 0.03, 0.2

KINDS = ("meeting", "qbr", "on-site visit", "call", "video call", "email", "demo", "training", "webinar")
KIND_SHARES = (0.2, 0.08, 0.04, 0.16, 0.1, 0.3, 0.05, 0.05, 0.02)
EMAIL, FIRST_TRAINING = KINDS.index("email"), KINDS.index("training")
_MINUTES = np.array([45.0, 75.0, 120.0, 20.0, 30.0, 0.0, 50.0, 80.0, 55.0])
HELD, MISSED, CANCELLED, PLANNED = range(4)
STATUSES = ("held", "no_show", "cancelled", "planned")
OUTCOMES = ("positive", "neutral", "action_required", "negative")

#: Log-odds that a talk names other vendors: usually, and more if another vendor pulls.
NAMES_OTHERS = (-3.8, 3.5)
#: Log-odds that the price is questioned: usually, by price sensitivity (0-1), and in the months after a price rise (by the same).
QUESTIONS_PRICE = (-3.7, 1.6, 5.5)


def chance(log_odds: Array | float) -> Array:
    """Probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(log_odds, dtype=float))))


@dataclass
class Team:
    """Whom the team looks after; one value an account."""

    is_engaged: Array
    pace: Array  # factor on the cadence of its tier


def draw_team(settings: Settings, accounts: Accounts) -> Team:
    """Who is looked after: not those whom the CRM does not list, and of those without an owner some."""
    count = len(accounts)
    has_owner = np.array([owner is not None for owner in accounts.csm_owner], dtype=bool)
    skipped = np.where(has_owner, NEVER_ENGAGED, NEVER_ENGAGED_WITHOUT_OWNER)
    return Team(
        is_engaged=(settings.stream("never engaged").random(count) >= skipped) & ~accounts.is_ghost,
        pace=settings.stream("pace of engagement").lognormal(-0.045, 0.3, count),
    )


def coolness(accounts: Accounts, states: Columns) -> Array:
    """How little an account wants to talk with us in a month: about 0 on average, higher is cooler."""
    who = states["account"]
    return np.asarray(
        1.0 * (states["disengaged"] - 0.3)
        - 0.3 * accounts.fit[who]
        + 0.9 * (states["champion_lost"] - 0.1)
        + 0.7 * (accounts.hidden_pull[who] - 0.1)
        + 0.3 * (states["open_urgent_tickets"] - 0.1)
    )


def talks_of_month(
    rng: np.random.Generator, settings: Settings, accounts: Accounts, people_count: Array, team: Team, states: Columns
) -> Columns:
    """Talks with the accounts in a month.

    Args:
        people_count: logins of each account: as many can be invited at most.
        states: the accounts that are there in the month, one row each (see simulator/life.py).

    Returns:
        one row a talk. Numbers are indexes into KINDS, STATUSES, OUTCOMES; -1: not known.
    """
    calendar = settings.calendar
    account, length = states["account"], states["to_day"] - states["from_day"]
    rate = np.array(CADENCE)[accounts.tier[account]] * team.pace[account] * team.is_engaged[account]
    age = states["from_day"] - accounts.created_day[account]
    is_starting = age < 60
    rate = rate * np.where(is_starting, 1.7, 1.0) * (1 + 0.3 * states["open_urgent_tickets"])
    row = np.repeat(np.arange(len(account)), rng.poisson(rate * length / 30.0))
    total = len(row)
    who, begin, days = account[row], states["from_day"][row], length[row]
    cool = coolness(accounts, states)[row]
    weekend = calendar.day_weights < 0.3
    day = begin + (rng.random(total) * days).astype("int64")
    again = begin + (rng.random(total) * days).astype("int64")
    day = np.where(weekend[day], again, day)
    kind = rng.choice(len(KINDS), total, p=KIND_SHARES)
    kind = np.where(is_starting[row] & (rng.random(total) < 0.35), FIRST_TRAINING, kind)
    is_mail = kind == EMAIL
    is_outbound = rng.random(total) < np.where(is_mail, 0.82, 0.93)
    misses = rng.random(total) < chance(-2.5 + 1.1 * cool)
    cancels = rng.random(total) < 0.06
    status = np.where(is_mail, HELD, np.where(cancels, CANCELLED, np.where(misses, MISSED, HELD)))
    occurred = calendar.timestamps(day, np.clip(np.round(rng.normal(12.5, 2.6, total) * 4) / 4, 6, 19) * 3600)

    expects = is_outbound & (is_mail | ((status != CANCELLED) & (rng.random(total) < 0.3)))
    answers = expects & (rng.random(total) < chance(1.8 - 1.1 * cool))
    wait = np.exp(np.log(14.0) + 0.45 * cool + rng.normal(0.0, 0.9, total))
    responded = occurred + (np.minimum(wait, 24.0 * 40) * 3.6e9).astype("timedelta64[us]")
    speaks = np.where(is_mail, ~is_outbound | answers, status == HELD)
    feeling = 0.9 - 0.75 * cool + rng.normal(0.0, 0.8, total)
    outcome = (feeling[:, None] < np.array([[0.5, -0.4, -0.9]])).sum(axis=1)
    outcome = np.where(speaks & (rng.random(total) < 0.9), outcome, -1)

    is_round = ~is_mail & (status != CANCELLED)
    most = np.minimum(people_count[who], np.array([3, 6, 12])[accounts.tier[who]])
    invited = np.minimum(1 + rng.poisson(np.array([0.6, 1.5, 3.0])[accounts.tier[who]]), most)
    came = np.maximum(rng.binomial(invited, chance(1.3 - 0.7 * cool)), 1)
    attended = np.where(status == HELD, came, 0)
    champion = rng.random(total) < 0.6 * (1 - states["champion_lost"][row])
    decides = rng.random(total) < np.array([0.4, 0.28, 0.2])[accounts.tier[who]]

    said = said_log_odds(accounts, states)
    flags = {name: np.where(speaks, rng.random(total) < chance(odds[row]), -1) for name, odds in said.items()}
    minutes = np.round(_MINUTES[kind] * rng.lognormal(0.0, 0.3, total) / 5) * 5
    return {
        "account": who,
        "occurred_at": occurred,
        "day": day,
        "kind": kind,
        "status": status,
        "is_outbound": is_outbound,
        "expects_answer": expects,
        "responded_at": np.where(answers, responded, np.datetime64("NaT", "us")),
        "outcome": outcome,
        "minutes": np.where((status == HELD) & ~is_mail, minutes, -1),
        "invited": np.where(is_round, invited, -1),
        "attended": np.where(is_round, attended, -1),
        "champion": np.where(is_round & (status == HELD), champion, -1),
        "decision_maker": np.where(is_round & (status == HELD), decides, -1),
        **flags,
        "updated_at": occurred,
    }


def said_log_odds(accounts: Accounts, states: Columns) -> Columns:
    """Log-odds that a talk of the month names other vendors, the price, a short budget, a missing feature; one value a row of `states`."""
    who = states["account"]
    sensitivity = accounts.price_sensitivity[who]
    usual, pulled = NAMES_OTHERS
    calm, sensitive, raised = QUESTIONS_PRICE
    return {
        "competitor": usual + pulled * accounts.hidden_pull[who] + 0.25 * coolness(accounts, states),
        "pricing": calm + sensitive * sensitivity + raised * states["price_rise"],
        "budget": -3.7 + 7.0 * accounts.payment_trouble[who],
        "feature": -2.0 - 0.6 * accounts.fit[who],
    }


def share_gone_badly(parts: Sequence[Columns], count: int) -> Array:
    """What part of an account's talks went badly (0-1; without talks 0), one value an account.

    Bad are a missed meeting, a question without an answer and a talk that ended badly, each counted for itself.
    """
    if not parts:
        return np.zeros(count)
    talks = joined(parts)
    who, negative = talks["account"], OUTCOMES.index("negative")
    is_meeting = (talks["kind"] != EMAIL) & (talks["status"] != CANCELLED)
    asked = talks["expects_answer"].astype(bool)
    missed = _share(who, talks["status"] == MISSED, is_meeting, count)
    unanswered = _share(who, np.isnat(talks["responded_at"]), asked, count)
    return (missed + unanswered + _share(who, talks["outcome"] == negative, talks["outcome"] >= 0, count)) / 3.0


def share_that_said(what: str, parts: Sequence[Columns], count: int) -> Array:
    """In what part of an account's talks this was said (0-1; without talks 0; `what` as in `said_log_odds`), one value an account."""
    if not parts:
        return np.zeros(count)
    talks = joined(parts)
    return _share(talks["account"], talks[what] == 1, talks[what] >= 0, count)


def _share(who: Array, shows: Array, can: Array, count: int) -> Array:
    """Two talks that do not show it are put beside those there were: one bad talk is not yet all of them."""
    return np.asarray(np.bincount(who[can & shows], minlength=count) / (2.0 + np.bincount(who[can], minlength=count)))


def planned_talks(settings: Settings, accounts: Accounts, team: Team, end_day: Array, held: Columns) -> Columns:
    """Talks that are planned for the 28 days after the window, with the columns of those `held`."""
    rng, calendar = settings.stream("planned engagements"), settings.calendar
    rate = 0.35 * np.array(CADENCE)[accounts.tier] * team.pace * team.is_engaged
    rate = np.where((end_day == NEVER) & (accounts.created_day < settings.days), rate, 0.0)
    who = np.repeat(np.arange(len(accounts)), rng.poisson(rate))
    total = len(who)
    day = settings.days + rng.integers(0, 28, total)
    made = np.maximum(settings.days - 1 - rng.integers(0, 20, total), np.maximum(accounts.created_day[who], 0))
    planned: Columns = {name: np.full(total, -1) for name in held}
    return planned | {
        "account": who,
        "occurred_at": calendar.timestamps(day, rng.integers(28, 70, total) * 900),
        "day": day,
        "kind": rng.choice(EMAIL, total),
        "status": np.full(total, PLANNED),
        "is_outbound": np.ones(total, dtype=bool),
        "expects_answer": np.zeros(total, dtype=bool),
        "responded_at": np.full(total, np.datetime64("NaT", "us")),
        "invited": 1 + rng.poisson(0.8, total),
        "updated_at": calendar.timestamps(made, rng.integers(28, 70, total) * 900),
    }
