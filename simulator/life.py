"""What happens to the accounts, month by month: moods, contracts, trouble, leaving and coming back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator import catalogue, hazard
from simulator.accounts import Accounts, adopts
from simulator.billing import (
    Columns,
    Contracts,
    Ledger,
    bill,
    joined,
    recent_failures,
    with_outcome,
)
from simulator.openings import openings_of_month, user_days
from simulator.people import People
from simulator.settings import NEVER, Array, Month, Settings
from simulator.support import open_urgent, recent_escalations, surveys_of_month, tickets_of_month
from simulator.talks import Team, share_gone_badly, share_that_said, talks_of_month

PRICE_RISE = 1.09
#: parts of the hazard, as they stood when a month began, that show in what people of the account do in it
STATE = ("disengaged", "champion_lost", "usage_drop", "open_urgent_tickets", "price_rise")


@dataclass
class Incident:
    """A feature that fails for some days; `severity` is the share (0-1) of its uses that fail."""

    feature: int
    first_day: int
    days: int
    severity: float


@dataclass
class History:
    """Everything the months left behind; columns of one array each, days as day numbers."""

    contracts: Contracts
    incidents: list[Incident]
    price_rise_day: int
    use: Columns  # account, month, activity, from_day, to_day, notice_day
    states: Columns  # account, month, from_day, to_day, notice_day, and what the hazard of the month was made of
    openings: Columns  # visits of users to the application (see simulator/openings.py)
    talks: Columns  # see simulator/talks.py
    hazards: Columns
    departures: Columns  # account, notice_day, end_day, cause
    invoices: Columns
    payments: Columns
    tickets: Columns
    surveys: Columns
    last_hazard: Array
    end_day: Array  # per account at the end of the window; NEVER: still there
    notice_day: Array
    engagement: Array


def draw_incidents(settings: Settings) -> list[Incident]:
    """About one incident in 45 days, at least one where the window has room for it."""
    rng = settings.stream("incidents")
    count = max(1, settings.days // 45) if settings.days >= 5 else 0
    found = []
    for first_day in np.sort(rng.integers(0, max(1, settings.days - 3), count)).tolist():
        found.append(
            Incident(
                feature=int(rng.integers(0, len(catalogue.FEATURES))),
                first_day=first_day,
                days=int(rng.integers(1, 6)),
                severity=round(float(rng.uniform(0.25, 0.9)), 3),
            )
        )
    return found


class Life:
    """The state of all accounts while the months pass."""

    def __init__(self, settings: Settings, accounts: Accounts, people: People, team: Team) -> None:
        self.settings, self.accounts, self.people, self.team = settings, accounts, people, team
        self.calendar = settings.calendar
        count = len(accounts)
        self.rng = settings.stream("life")
        self.contracts = Contracts(settings, accounts)
        self.incidents = draw_incidents(settings)
        self.users = np.bincount(people.account, minlength=count)
        self.uses_feature = [adopts(accounts, feature) for feature in range(len(catalogue.FEATURES))]
        self.price_rise_day = int(settings.days * 0.45)
        self.raised_day = np.full(count, NEVER)
        self.notice_day = np.full(count, NEVER)
        self.end_day = np.where(self.contracts.failed_trial, accounts.paid_day, NEVER)
        self.may_return = ~self.contracts.failed_trial
        self.since = accounts.created_day.copy()
        self.exposure = np.zeros(count)
        self.engagement = self.rng.normal(-0.2, 0.6, count)
        for _ in range(5):
            self._drift()
        self.openings_rng, self.talks_rng = settings.stream("openings"), settings.stream("engagements")
        self.user_days: list[
            Array
        ] = []  # days of logins a month of 30 days; not-a-number: was not there for half of the month
        self.talks: list[Columns] = []
        self.ledgers = {name: Ledger() for name in ("use", "states", "openings", "hazards", "departures")}
        self.invoices: list[Columns] = []
        self.tickets: list[Columns] = []
        self.surveys: list[Columns] = []

    def _drift(self) -> None:
        count = len(self.engagement)
        shock = np.where(self.rng.random(count) < 0.035, -1.4, 0.0)
        self.engagement = 0.85 * self.engagement + self.rng.normal(0.0, 0.3, count) + shock

    def _champion_gap(self, day: int) -> Array:
        since = day - self.accounts.champion_loss_day
        return np.where(since >= 0, np.exp(-np.maximum(since, 0) / 120.0), 0.0)

    def _parts(self, day: int) -> dict[str, Array]:
        """What the hazard of the month that begins on `day` is made of, from what was there before it."""
        accounts, contracts = self.accounts, self.contracts
        count = len(accounts)
        age_days = np.maximum(day - contracts.paid_day, 0)
        period_end = contracts.period_end(np.arange(count), np.full(count, day - 1))
        is_long = contracts.interval > 0
        renews = is_long & (period_end - day <= 45)
        since_raise = day + 30 - self.raised_day
        midnight = self.calendar.timestamps(np.array(day))
        return {
            "poor_fit": -accounts.fit,
            "poor_onboarding": (0.6 - accounts.onboarding) * np.exp(-age_days / 300.0),
            "price_rise": accounts.price_sensitivity * ((since_raise >= 0) & (since_raise < 150)),
            "price_talk": share_that_said("pricing", self.talks[-6:], count),
            "champion_lost": self._champion_gap(day + 15),
            "disengaged": -self.engagement,
            "usage_drop": self._usage_drop(),
            "absent": self.user_days[-1] == 0 if self.user_days else np.zeros(count),
            "bad_talks": share_gone_badly(self.talks[-3:], count),
            "open_urgent_tickets": np.minimum(open_urgent(self.tickets[-4:], midnight, count), 3.0),
            "escalations": np.minimum(recent_escalations(self.tickets[-1:], count), 2.0),
            "failed_payments": np.minimum(recent_failures(self.invoices[-6:], day, count), 3.0),
            "broken_features": self.exposure,
            "renewal_month": renews,
            "within_contract": is_long & ~renews,
            "competitor_talk": share_that_said("competitor", self.talks[-6:], count),
            "hidden_pull": accounts.hidden_pull,
            "locked_in": accounts.is_locked_in,
        }

    def _usage_drop(self) -> Array:
        """How far the last month's use lies below that of the three before: logarithm of the ratio, 0 where it does not.

        One day more on both sides, so that a day less of little use is little.
        """
        if len(self.user_days) < 4:
            return np.zeros(len(self.accounts))
        drop = np.log((np.mean(self.user_days[-4:-1], axis=0) + 1.0) / (self.user_days[-1] + 1.0))
        return np.clip(np.nan_to_num(drop), 0.0, 1.5)

    def _incident_exposure(self, month: Month) -> Array:
        total = np.zeros(len(self.accounts))
        for incident in self.incidents:
            last = incident.first_day + incident.days - 1
            days = min(last, month.last_day) - max(incident.first_day, month.first_day) + 1
            total += max(days, 0) / 3.0 * incident.severity * self.uses_feature[incident.feature]
        return np.minimum(total, 2.5)

    def _returns(self, month: Month) -> None:
        rng, count = self.rng, len(self.accounts)
        back = (self.end_day < month.first_day) & self.may_return & (rng.random(count) < 0.03 * month.days / 30)
        who = np.flatnonzero(back)
        day = month.first_day + (rng.random(len(who)) * month.days).astype("int64")
        day -= np.maximum(self.calendar.day_of_month(day) - 28, 0)
        day = np.maximum(day, month.first_day)
        who, day = who[self.calendar.day_of_month(day) <= 28], day[self.calendar.day_of_month(day) <= 28]
        self.contracts.come_back(who, day)
        self.end_day[who], self.notice_day[who], self.since[who] = NEVER, NEVER, day
        self.engagement[who] = 0.3

    def _changes(self, month: Month, may_change: Array) -> None:
        rng, contracts, accounts = self.rng, self.contracts, self.accounts
        count, share = len(accounts), month.days / 30
        day = month.first_day + (rng.random(count) * month.days).astype("int64")
        may_change = may_change & (day > contracts.paid_day + 20) & (day < self.end_day)
        goes_up = rng.random(count) < 0.028 * share * np.exp(0.35 * (accounts.fit + self.engagement))
        goes_down = rng.random(count) < 0.012 * share * np.exp(
            -0.5 * self.engagement + 2 * (accounts.price_sensitivity - 0.33)
        )
        up = np.flatnonzero(may_change & goes_up)
        down = np.flatnonzero(may_change & goes_down & ~goes_up)
        plan_up = np.minimum(contracts.plan[up] + (rng.random(len(up)) < 0.3), 3)
        contracts.change(
            up, day[up], np.ceil(contracts.seats[up] * rng.uniform(1.1, 1.6, len(up))).astype("int64"), plan_up
        )
        plan_down = np.maximum(contracts.plan[down] - (rng.random(len(down)) < 0.35), 0)
        fewer = (contracts.seats[down] * rng.uniform(0.5, 0.9, len(down))).astype("int64")
        contracts.change(down, day[down], fewer, plan_down)
        if month.last_day < self.price_rise_day:
            return
        renewal = contracts.period_end(np.arange(count), np.full(count, month.first_day - 1))
        due = may_change & (self.raised_day == NEVER) & (renewal >= self.price_rise_day) & (renewal <= month.last_day)
        due &= (
            (contracts.paid_day < self.price_rise_day)
            & (renewal < self.end_day)
            & ~np.isin(np.arange(count), [*up, *down])
        )
        who = np.flatnonzero(due)
        contracts.raise_price(who, renewal[who], PRICE_RISE)
        self.raised_day[who] = renewal[who]

    def _departures(self, month: Month, is_exposed: Array, contributions: dict[str, Array]) -> Array:
        rng, count = self.rng, len(self.accounts)
        exposed_days = np.clip(month.last_day + 1 - np.maximum(self.contracts.paid_day, month.first_day), 0, month.days)
        probability, outside = hazard.monthly_probability(self.accounts.tier, contributions, days=exposed_days)
        leaves = is_exposed & (rng.random(count) < probability)
        who = np.flatnonzero(leaves)
        is_outside = rng.random(len(who)) < outside[who] / np.maximum(probability[who], 1e-12)
        cause = hazard.main_cause({name: values[who] for name, values in contributions.items()}, is_outside)
        notice = month.last_day + 1 - np.ceil(rng.random(len(who)) * exposed_days[who]).astype("int64")
        period_end = self.contracts.period_end(who, notice)
        end = np.where(period_end - notice <= 75, period_end, notice + 30)
        self.contracts.end(who, notice, end)
        self.notice_day[who], self.end_day[who] = notice, end
        self.may_return[who] &= ~is_outside
        self.ledgers["departures"].add(account=who, notice_day=notice, end_day=end, cause=cause)
        return probability

    def live(self, month: Month) -> None:
        """Let one month pass."""
        accounts, contracts, rng = self.accounts, self.contracts, self.rng
        count = len(accounts)
        self._returns(month)
        parts = self._parts(month.first_day)
        contributions = hazard.terms(parts)
        is_paying = (contracts.paid_day <= month.last_day) & (self.end_day > month.first_day) & ~contracts.failed_trial
        is_exposed = is_paying & (self.notice_day == NEVER)
        probability = self._departures(month, is_exposed, contributions)
        who = np.flatnonzero(is_exposed)
        self.ledgers["hazards"].add(
            account=who,
            month=np.full(len(who), month.number),
            hazard=probability[who],
            **{name: values[who] for name, values in contributions.items()},
        )
        self._changes(month, is_paying & (self.notice_day == NEVER))
        trouble = np.clip(0.015 + 0.45 * accounts.payment_trouble, 0, 0.8)
        self.invoices.append(bill(rng, self.calendar, month, contracts, is_paying, self.end_day, trouble))

        self._drift()
        exposure = self._incident_exposure(month)
        urgent = open_urgent(self.tickets[-4:], self.calendar.timestamps(np.array(month.first_day)), count)
        mood = 0.5 * accounts.fit + 0.4 * self.engagement + (accounts.onboarding - 0.6) - 0.3 * urgent - 0.3 * exposure
        gap = self._champion_gap(month.last_day)
        age = (month.first_day - contracts.paid_day) / 30.0
        log_use = accounts.activity + 0.12 * accounts.fit + 0.8 * (accounts.onboarding - 0.6) + 0.8 * self.engagement
        log_use = log_use - 0.7 * gap - 0.12 * exposure + np.where(age < 0, -0.5, np.where(age < 1, -0.2, 0.0))
        log_use = log_use + rng.normal(0.0, 0.15, count)
        from_day = np.maximum(self.since, month.first_day)
        to_day = np.minimum(self.end_day, month.last_day + 1)
        present = from_day < to_day
        everybody = np.flatnonzero(present)
        states = self._days(month, everybody, from_day, to_day) | {name: parts[name][everybody] for name in STATE}
        self.ledgers["states"].add(**states)
        self.talks.append(talks_of_month(self.talks_rng, self.settings, accounts, self.users, self.team, states))
        here = np.flatnonzero(present & ~accounts.is_silent)
        use = self._days(month, here, from_day, to_day) | {"activity": np.exp(log_use[here])}
        self.ledgers["use"].add(**use)
        openings = openings_of_month(self.openings_rng, self.calendar, month, self.people, use)
        self.ledgers["openings"].add(**openings)
        was_there = to_day - from_day
        with np.errstate(divide="ignore", invalid="ignore"):
            a_month = user_days(openings, count) * 30.0 / was_there
        self.user_days.append(np.where((was_there >= month.days / 2) & ~accounts.is_silent, a_month, np.nan))
        share = np.clip(to_day - from_day, 0, None) / 30.0
        young = np.exp(-np.maximum(age, 0) / 4.0)
        usual = 0.24 * np.sqrt(self.users) * np.exp(-0.2 * accounts.fit + 2.0 * (0.6 - accounts.onboarding) * young)
        usual = usual * np.where(accounts.is_locked_in, 2.2, 1.0)
        extra = 0.45 * exposure * np.sqrt(self.users)
        tickets = tickets_of_month(rng, self.calendar, month, (usual + extra) * share, extra / (usual + extra), mood)
        self.tickets.append(tickets)
        reachable = present[self.people.account] & (self.people.created_day < month.first_day)
        reachable &= self.people.left_day > month.last_day
        self.surveys.append(surveys_of_month(rng, self.calendar, month, self.people, reachable, mood))
        self.exposure = exposure

    def _days(self, month: Month, who: Array, from_day: Array, to_day: Array) -> Columns:
        return {
            "account": who,
            "month": np.full(len(who), month.number),
            "from_day": from_day[who],
            "to_day": to_day[who],
            "notice_day": self.notice_day[who],
        }

    def finish(self) -> History:
        """What the months left behind, with the hazard of the 30 days after the window."""
        contributions = hazard.terms(self._parts(self.settings.days))
        last, _ = hazard.monthly_probability(self.accounts.tier, contributions)
        stays = (self.notice_day == NEVER) & (self.end_day == NEVER) & (self.contracts.paid_day < self.settings.days)
        invoices, payments = with_outcome(joined(self.invoices), self.calendar, self.rng)
        return History(
            contracts=self.contracts,
            incidents=self.incidents,
            price_rise_day=self.price_rise_day,
            use=self.ledgers["use"].columns(),
            states=self.ledgers["states"].columns(),
            openings=self.ledgers["openings"].columns(),
            talks=joined(self.talks),
            hazards=self.ledgers["hazards"].columns(),
            departures=self.ledgers["departures"].columns(),
            invoices=invoices,
            payments=payments,
            tickets=joined(self.tickets),
            surveys=joined(self.surveys),
            last_hazard=np.where(stays, last, np.nan),
            end_day=self.end_day,
            notice_day=self.notice_day,
            engagement=self.engagement,
        )


def live_through(settings: Settings, accounts: Accounts, people: People, team: Team) -> History:
    """All months of the window, one after the other."""
    life = Life(settings, accounts, people, team)
    for month in settings.calendar.months:
        life.live(month)
    return life.finish()
