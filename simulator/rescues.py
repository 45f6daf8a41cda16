"""What interventions change: some departures soon after one do not come. Applied to a history that is already lived.

The lives of all others stay as they are, to the byte. A rescued account goes on as before until the end of the window: it
pays, uses, asks and answers, and does not leave again. Its hazard is not told for the months after its notice would have come.
"""

from __future__ import annotations

import numpy as np

from simulator.accounts import Accounts
from simulator.billing import Columns, Ledger, bill, with_outcome
from simulator.life import STATE, History
from simulator.openings import openings_of_month
from simulator.people import People
from simulator.settings import NEVER, Array, Settings
from simulator.support import surveys_of_month, tickets_of_month
from simulator.talks import Team, talks_of_month

#: Share of the notices within WITHIN_DAYS after the beginning of an intervention, of whatever type, that do not come.
SAVES, WITHIN_DAYS = 0.35, 90


def averted(settings: Settings, history: History, interventions: Columns) -> tuple[Array, Array]:
    """Which departures (rows) do not come, and the intervention (row) that each owes it to.

    Of an account that came back by itself later, none is averted.
    """
    departures = history.departures
    order = np.argsort(interventions["account"] * 10_000_000 + interventions["start_day"] + 10_000)
    keys = (interventions["account"] * 10_000_000 + interventions["start_day"] + 10_000)[order]
    wanted = departures["account"] * 10_000_000 + departures["notice_day"] + 10_000
    place = np.searchsorted(keys, wanted, side="left") - 1  # the last one that began before the notice
    luck = settings.stream("rescue").random(len(wanted)) < SAVES
    if not len(keys):
        return np.empty(0, dtype="int64"), np.empty(0, dtype="int64")
    near = (place >= 0) & (wanted - keys[np.maximum(place, 0)] <= WITHIN_DAYS)
    is_last = departures["end_day"] == history.end_day[departures["account"]]
    rows = np.flatnonzero(near & luck & is_last)
    return rows, order[place[rows]]


def rescue(
    settings: Settings, accounts: Accounts, people: People, team: Team, history: History, interventions: Columns
) -> Columns:
    """Change the history so that averted departures never came.

    Returns:
        one row an averted departure: intervention (row), account, notice_day, end_day, cause.
    """
    rows, reason = averted(settings, history, interventions)
    found: Columns = {name: values[rows] for name, values in history.departures.items()}
    if not len(rows):
        return {"intervention": reason, **found}
    who, end = found["account"], found["end_day"]
    contracts = history.contracts
    endings = contracts.endings.columns()
    stays = ~np.isin(endings["subscription"], contracts.subscription[who])
    contracts.endings = Ledger()
    contracts.endings.add(**{name: values[stays] for name, values in endings.items()})
    history.departures = {name: np.delete(values, rows) for name, values in history.departures.items()}
    history.end_day[who] = history.notice_day[who] = NEVER
    history.last_hazard[who] = np.nan
    ended, noticed = np.full((2, len(accounts)), NEVER)
    ended[who], noticed[who] = end, found["notice_day"]
    _take_back(settings, history, ended, noticed)
    _go_on(settings, accounts, people, team, history, ended)
    _open_again(settings, people, history, noticed)
    return {"intervention": reason, **found}


def _take_back(settings: Settings, history: History, ended: Array, noticed: Array) -> None:
    """In months lived already: no notice, and presence to the end of the month in which the account would have gone."""
    month_end = np.array([month.last_day + 1 for month in settings.calendar.months])
    for table in (history.states, history.use):
        who, is_rescued = table["account"], ended[table["account"]] < NEVER
        is_cut = is_rescued & (table["to_day"] == ended[who])
        table["to_day"] = np.where(is_cut, month_end[table["month"]], table["to_day"])
        table["notice_day"] = np.where(is_rescued & (table["notice_day"] == noticed[who]), NEVER, table["notice_day"])


def _go_on(settings: Settings, accounts: Accounts, people: People, team: Team, history: History, ended: Array) -> None:
    """Let the accounts with an `ended` day live on from it: state, use, talks, bills, tickets and answers of the later months."""
    rng, calendar, count = settings.stream("rescued life"), settings.calendar, len(accounts)
    users = np.bincount(people.account, minlength=count)
    no_end = np.full(count, NEVER)
    trouble = np.clip(0.015 + 0.45 * accounts.payment_trouble, 0, 0.8)
    states, use, talks, invoices, tickets, surveys = (Ledger() for _ in range(6))
    for month in calendar.months:
        lives = ended <= month.last_day
        who = np.flatnonzero(lives & (ended <= month.first_day))
        history.engagement[who] = 0.85 * history.engagement[who] + rng.normal(0.0, 0.3, len(who))
        warmth = history.engagement
        mood = 0.5 * accounts.fit + 0.4 * warmth + accounts.onboarding - 0.6
        common: Columns = {
            "account": who,
            "month": np.full(len(who), month.number),
            "from_day": np.full(len(who), month.first_day),
            "to_day": np.full(len(who), month.last_day + 1),
            "notice_day": no_end[who],
        }
        gap = np.exp(-np.maximum(month.last_day - accounts.champion_loss_day, 0) / 120.0)
        gap = np.where(accounts.champion_loss_day <= month.last_day, gap, 0.0)[who]
        parts = {"disengaged": -warmth[who], "champion_lost": gap}
        state = common | {name: parts.get(name, np.zeros(len(who))) for name in STATE}
        states.add(**state)
        talks.add(**talks_of_month(rng, settings, accounts, users, team, state))
        log_use = accounts.activity + 0.12 * accounts.fit + 0.8 * (accounts.onboarding - 0.6) + 0.8 * warmth
        activity = np.exp(log_use[who] - 0.7 * gap + rng.normal(0.0, 0.15, len(who)))
        loud = ~accounts.is_silent[who]
        use.add(**{name: values[loud] for name, values in {**common, "activity": activity}.items()})
        bills = bill(rng, calendar, month, history.contracts, lives, no_end, trouble)
        due = bills["issued_day"] >= ended[bills["account"]]
        invoices.add(**{name: values[due] for name, values in bills.items()})
        share = np.where(lives, month.last_day + 1 - np.maximum(ended, month.first_day), 0) / 30.0
        usual = 0.24 * np.sqrt(users) * np.exp(-0.2 * accounts.fit) * share
        asked = tickets_of_month(rng, calendar, month, usual, np.zeros(count), mood)
        tickets.add(**_after(settings, ended, asked, "opened_at"))
        is_reachable = (
            lives[people.account] & (people.created_day < month.first_day) & (people.left_day > month.last_day)
        )
        answers = surveys_of_month(rng, calendar, month, people, is_reachable, mood)
        surveys.add(**_after(settings, ended, answers, "responded_at"))
    bills, payments = with_outcome(invoices.columns(), calendar, rng)
    offset = len(history.invoices["account"])
    bills["invoice"], payments["invoice"] = bills["invoice"] + offset, payments["invoice"] + offset
    history.invoices, history.payments = _joined(history.invoices, bills), _joined(history.payments, payments)
    history.tickets = _joined(history.tickets, tickets.columns())
    history.surveys = _joined(history.surveys, surveys.columns())
    history.talks = _joined(history.talks, talks.columns())
    for name, more in (("states", states), ("use", use)):
        table = _joined(getattr(history, name), more.columns())
        order = np.lexsort((table["account"], table["month"]))
        setattr(history, name, {column: values[order] for column, values in table.items()})


def _open_again(settings: Settings, people: People, history: History, noticed: Array) -> None:
    """Draw anew the visits from the day on at which notice would have come: without it nobody stops coming."""
    rng, openings = settings.stream("rescued openings"), Ledger()
    old = history.openings
    openings.add(**{name: values[old["day"] < noticed[old["account"]]] for name, values in old.items()})
    is_rescued = noticed[history.use["account"]] < NEVER
    for month in settings.calendar.months:
        rows = is_rescued & (history.use["month"] == month.number)
        use = {name: values[rows] for name, values in history.use.items()}
        use["from_day"] = np.maximum(use["from_day"], noticed[use["account"]])
        openings.add(**openings_of_month(rng, settings.calendar, month, people, use))
    history.openings = openings.columns()


def _after(settings: Settings, ended: Array, rows: Columns, column: str) -> Columns:
    """The rows from the day on at which the account would have gone."""
    day = (rows[column].astype("datetime64[D]") - np.datetime64(settings.start, "D")).astype("int64")
    return {name: values[day >= ended[rows["account"]]] for name, values in rows.items()}


def _joined(one: Columns, two: Columns) -> Columns:
    return {name: np.concatenate([values, two[name].astype(values.dtype)]) for name, values in one.items()}
