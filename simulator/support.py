"""Help and opinions: tickets of a month, and surveys with those who do not answer."""

from __future__ import annotations

import numpy as np

from simulator import catalogue
from simulator.billing import Columns
from simulator.people import People
from simulator.settings import Array, Calendar, Month, blanked

_FIRST_RESPONSE_HOURS = np.array([9.0, 5.0, 2.0, 0.7])  # median, by priority
_RESOLUTION_HOURS = np.array([60.0, 34.0, 26.0, 20.0])


def tickets_of_month(
    rng: np.random.Generator, calendar: Calendar, month: Month, rate: Array, trouble: Array, mood: Array
) -> Columns:
    """Tickets that accounts open in a month.

    Args:
        rate: expected tickets of each account in the month.
        trouble: share (0-1) of them that come from an incident: these are urgent more often.
        mood: satisfaction of each account (0 is usual, units of a standard deviation).

    Returns:
        one row a ticket: account, opened_at, responded_at, resolved_at (not-a-time: never), priority and category
        (indexes), is_escalated, score (1-5, 0: none given).
    """
    count = rng.poisson(rate)
    who = np.repeat(np.arange(len(rate)), count)
    total = len(who)
    weights = calendar.day_weights[month.first_day : month.last_day + 1]
    day = month.first_day + rng.choice(month.days, total, p=weights / weights.sum())
    from_incident = rng.random(total) < trouble[who]
    priority = rng.choice(4, total, p=(0.22, 0.5, 0.2, 0.08))
    priority = np.where(
        from_incident & (rng.random(total) < 0.6), np.maximum(priority, rng.choice([2, 3], total)), priority
    )
    category = rng.choice(6, total, p=(0.34, 0.2, 0.12, 0.12, 0.1, 0.12))
    category = np.where(from_incident, 1, category)
    opened = calendar.timestamps(day, np.clip(rng.normal(13.5, 3.6, total), 0.2, 23.8) * 3600)
    wait = _FIRST_RESPONSE_HOURS[priority] * rng.lognormal(0.0, 0.9, total)
    work = wait + _RESOLUTION_HOURS[priority] * rng.lognormal(0.0, 1.25, total) * np.where(from_incident, 1.8, 1.0)
    never = rng.random(total) < 0.035
    nothing = np.datetime64("NaT", "us")
    responded = opened + (wait * 3.6e9).astype("timedelta64[us]")
    resolved = np.where(never, nothing, opened + (work * 3.6e9).astype("timedelta64[us]"))
    opinion = 4.1 + 0.35 * mood[who] - 0.5 * np.log1p(work / 60) + rng.normal(0, 0.9, total)
    rates = rng.random(total) < np.where(np.abs(opinion - 3.5) > 1, 0.45, 0.28)
    return {
        "account": who,
        "opened_at": opened,
        "responded_at": np.where(never & (rng.random(total) < 0.4), nothing, responded),
        "resolved_at": resolved,
        "priority": priority,
        "category": category,
        "is_escalated": rng.random(total) < np.where(priority >= 2, 0.1, 0.015) + np.clip(work / 2000, 0, 0.2),
        "score": np.where(rates & ~never, np.clip(np.round(opinion), 1, 5), 0).astype("int64"),
        "channel": rng.choice(3, total, p=(0.55, 0.3, 0.15)),
        "user_draw": rng.random(total),
    }


def open_urgent(parts: list[Columns], at: Array, count: int) -> Array:
    """Urgent and high tickets of each account that are open at a moment; a high one counts a half."""
    result = np.zeros(count)
    for part in parts:
        is_open = (part["opened_at"] <= at) & ~(part["resolved_at"] <= at) & (part["priority"] >= 2)
        result += np.bincount(
            part["account"][is_open], weights=np.where(part["priority"][is_open] == 3, 1.0, 0.5), minlength=count
        )
    return result


def recent_escalations(parts: list[Columns], count: int) -> Array:
    """Escalated tickets of each account in these months."""
    result = np.zeros(count)
    for part in parts:
        result += np.bincount(part["account"][part["is_escalated"]], minlength=count)
    return result


def surveys_of_month(
    rng: np.random.Generator, calendar: Calendar, month: Month, people: People, is_reachable: Array, mood: Array
) -> Columns:
    """Questions of surveys in a month and their answers; the content and the angry answer more often than those between.

    Args:
        is_reachable: whether each user may be asked (an active login).
        mood: satisfaction of each account (units of a standard deviation).

    Returns:
        one row a question: user (position), account, kind (0 nps, 1 csat, 2 ces), sent_at, is_answered, and of the answer score (-1: none),
        responded_at (without an answer: sent_at), comment or None.
    """
    asked_share = np.array([0.14, 0.05, 0.02])
    who = np.tile(np.flatnonzero(is_reachable), 3)
    kind = np.repeat(np.arange(3), int(is_reachable.sum()))
    asked = rng.random(len(who)) < asked_share[kind] * month.days / 30
    who, kind = who[asked], kind[asked]
    feeling = mood[people.account[who]] + rng.normal(0, 0.9, len(who))
    answers = rng.random(len(who)) < 0.16 + 0.1 * np.minimum(np.abs(feeling), 2.0)
    silent, silent_kind = who[~answers], kind[~answers]
    who, kind, feeling = who[answers], kind[answers], feeling[answers]
    total = len(who)
    middle, spread, low, high = np.array([[7.6, 1.9, 0, 10], [3.9, 0.8, 1, 5], [5.0, 1.2, 1, 7]])[kind].T
    score = np.clip(np.round(middle + spread * feeling), low, high)
    pools = [
        np.array(pool, dtype=object)
        for pool in (catalogue.COMMENTS_POOR, catalogue.COMMENTS_FAIR, catalogue.COMMENTS_GOOD)
    ]
    level = np.where(feeling < -0.8, 0, np.where(feeling < 0.5, 1, 2))
    comment = (
        np.choose(level, [pool[rng.integers(0, len(pool), total)] for pool in pools])
        if total
        else np.empty(0, dtype=object)
    )
    weights = calendar.day_weights[month.first_day : month.last_day + 1]
    day = month.first_day + rng.choice(month.days, total, p=weights / weights.sum())
    responded_at = calendar.timestamps(day, np.clip(rng.normal(13, 3.5, total), 0, 23.9) * 3600)
    comment = blanked(comment, rng.random(total) >= 0.3)
    # When the questions were sent is drawn aside, so that the answers are what they are without them.
    aside, unanswered = rng.spawn(1)[0], len(silent)
    waited = np.minimum(aside.exponential(18 * 3600, total), 72 * 3600)
    sent_day = month.first_day + aside.choice(month.days, unanswered, p=weights / weights.sum())
    sent_at = calendar.timestamps(sent_day, aside.uniform(7 * 3600, 17 * 3600, unanswered))
    user = np.concatenate([who, silent])
    return {
        "user": user,
        "account": people.account[user],
        "kind": np.concatenate([kind, silent_kind]),
        "sent_at": np.concatenate([responded_at - (waited * 1e6).astype("timedelta64[us]"), sent_at]),
        "is_answered": np.arange(total + unanswered) < total,
        "score": np.concatenate([score, np.full(unanswered, -1.0)]),
        "responded_at": np.concatenate([responded_at, sent_at]),
        "comment": np.concatenate([comment, np.full(unanswered, None, dtype=object)]),
    }
