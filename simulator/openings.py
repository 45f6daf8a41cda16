"""Who opens the application on which day: drawn while the accounts live, since how often it is opened is among the reasons to stay."""

from __future__ import annotations

import numpy as np

from simulator.billing import Columns, joined
from simulator.people import People
from simulator.settings import Array, Calendar, Month

#: Part of the usual use that is left after an account gave notice.
AFTER_NOTICE = 0.35
#: Chance of a second visit on a day, as a part of that of the first.
SECOND_VISIT = 0.25
_USERS_AT_ONCE = 100_000


def openings_of_month(
    rng: np.random.Generator, calendar: Calendar, month: Month, people: People, use: Columns
) -> Columns:
    """Visits of users to the application in a month.

    Args:
        use: the accounts that use it in the month, one row each: account, activity (factor on the usual use), from_day, to_day, notice_day.

    Returns:
        one row a visit: user (position), account, day and slot (0 first, 1 second visit of the day).
    """
    count = int(people.account.max()) + 1
    row = np.full(count, -1)
    row[use["account"]] = np.arange(len(use["account"]))
    users = np.flatnonzero(row[people.account] >= 0)
    days = np.arange(month.first_day, month.last_day + 1)
    found: list[Columns] = []
    for some in np.array_split(users, max(1, -(-len(users) // _USERS_AT_ONCE))):
        at = row[people.account[some]]
        weight = calendar.day_weights[days] * np.where(days >= use["notice_day"][at][:, None], AFTER_NOTICE, 1.0)
        usual = 1.0 - np.exp(-(people.sessions_a_day[some] * use["activity"][at])[:, None] * weight)
        begins = np.maximum(use["from_day"][at], people.created_day[some])[:, None]
        is_there = (days >= begins) & (days < np.minimum(use["to_day"][at], people.left_day[some])[:, None])
        chance = np.stack([usual, SECOND_VISIT * usual]) * is_there
        slot, user, day = np.nonzero(rng.random(chance.shape) < chance)
        found.append(
            {
                "user": some[user].astype("int32"),
                "account": people.account[some[user]].astype("int32"),
                "day": days[day].astype("int32"),
                "slot": slot.astype("int8"),
            }
        )
    return joined(found)


def user_days(openings: Columns, count: int) -> Array:
    """Days on which each login was there, summed over the logins of each account; one value an account."""
    keys = np.unique(openings["user"].astype("int64") * 100_000 + openings["day"], return_index=True)[1]
    return np.bincount(openings["account"][keys], minlength=count)
