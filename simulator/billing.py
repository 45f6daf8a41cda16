"""Contracts and money: terms of subscriptions, invoices and attempts to collect them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator import catalogue
from simulator.accounts import Accounts
from simulator.settings import NEVER, Array, Calendar, Month, Settings, blanked

Columns = dict[str, Array]


def joined(parts: Sequence[Columns]) -> Columns:
    """Parts with the same columns, one after the other, as one array a column."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class Ledger:
    """Rows collected month by month; `columns()` joins them into one array a column."""

    def __init__(self) -> None:
        self._parts: list[Columns] = []

    def add(self, **columns: Array) -> None:
        """Add rows; all columns of one call have the same length, all calls the same columns."""
        self._parts.append(columns)

    def columns(self) -> Columns:
        """All rows in the order they were added; empty when nothing ever was."""
        if not self._parts:
            return {}
        return joined(self._parts)


class Contracts:
    """The terms in force of each account and every change of them so far (one value an account)."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self.settings, self.accounts, self.calendar = settings, accounts, settings.calendar
        count, stream = len(accounts), settings.stream
        self.terms, self.endings = Ledger(), Ledger()
        median = np.array(catalogue.SEATS_MEDIAN)[accounts.tier]
        self.seats = np.maximum(1, np.round(median * stream("seats").lognormal(0.0, 0.6, count))).astype("int64")
        self.plan = np.clip(accounts.tier + stream("plan").integers(0, 2, count), 0, 3)
        list_price = np.array(catalogue.PLAN_PRICE_USD)[self.plan]
        discount = np.round(stream("discount").beta(1.3, 7.0, count) * accounts.tier / 2, 2)
        units = np.array([catalogue.UNITS_PER_USD[code] for code in catalogue.CURRENCIES])[accounts.currency]
        self.price = np.round(list_price * (1 - discount) * units, 2)  # a seat and month, in the account's currency
        self.interval = accounts.interval.copy()
        self.paid_day = accounts.paid_day.copy()
        self.subscription = np.arange(count)
        self._next_subscription = count
        self.failed_trial = (accounts.trial_days > 0) & (
            stream("trial outcome").random(count)
            < 1 / (1 + np.exp(1.6 + 0.9 * accounts.fit + 2 * (accounts.onboarding - 0.6)))
        )
        self.failed_trial &= accounts.paid_day >= 0  # who failed before the window is no account any more
        self._write_terms(
            np.arange(count),
            np.where(accounts.trial_days > 0, accounts.paid_day - accounts.trial_days, accounts.paid_day),
        )
        lost = np.flatnonzero(self.failed_trial)
        self.end(lost, accounts.paid_day[lost], accounts.paid_day[lost])

    def _write_terms(self, who: Array, effective_day: Array) -> None:
        trial = self.accounts.trial_days[who] * (self.subscription[who] == who)
        self.terms.add(
            subscription=self.subscription[who],
            account=who,
            effective_day=effective_day,
            started_day=self.paid_day[who] - trial,
            trial_days=trial,
            paid_day=self.paid_day[who],
            is_trial=self.failed_trial[who] & (self.subscription[who] == who),
            plan=self.plan[who],
            quantity=self.seats[who],
            price=self.price[who],
            interval=self.interval[who],
        )

    def end(self, who: Array, notice_day: Array, end_day: Array) -> None:
        """The subscriptions of these accounts end."""
        self.endings.add(subscription=self.subscription[who], notice_day=notice_day, end_day=end_day)

    def period_end(self, who: Array, day: Array) -> Array:
        """First end of a paid period after `day`, for each of these accounts."""
        months = np.array(catalogue.INTERVAL_MONTHS)[self.interval[who]]
        anchor, dom = self.calendar.month_of(self.paid_day[who]), self.calendar.day_of_month(self.paid_day[who])
        passed = self.calendar.month_of(day) - anchor - (self.calendar.day_of_month(day) < dom)
        return self.calendar.day_number(anchor + (np.maximum(passed, -1) // months + 1) * months, dom)

    def change(self, who: Array, day: Array, seats: Array, plan: Array) -> None:
        """Other seats or another plan from `day` on; the price of a seat follows the plan."""
        prices = np.array(catalogue.PLAN_PRICE_USD)
        self.price[who] = np.round(self.price[who] * prices[plan] / prices[self.plan[who]], 2)
        self.seats[who], self.plan[who] = np.maximum(1, seats), plan
        self._write_terms(who, day)

    def raise_price(self, who: Array, day: Array, factor: float) -> None:
        """A dearer price from `day` on."""
        self.price[who] = np.round(self.price[who] * factor, 2)
        self._write_terms(who, day)

    def come_back(self, who: Array, day: Array) -> None:
        """A new subscription for accounts that had left."""
        self.subscription[who] = self._next_subscription + np.arange(len(who))
        self._next_subscription += len(who)
        self.paid_day[who] = day
        self.seats[who] = np.maximum(1, (self.seats[who] * 0.8).astype("int64"))
        self._write_terms(who, day)


def bill(
    rng: np.random.Generator,
    calendar: Calendar,
    month: Month,
    contracts: Contracts,
    is_paying: Array,
    end_day: Array,
    trouble: Array,
) -> Columns:
    """The invoices that fall into a month, with how their collection went.

    Args:
        is_paying: whether each account has a running paid subscription.
        end_day: when it ends (NEVER: it runs on).
        trouble: probability (0-1) that an attempt to collect fails.

    Returns:
        one row an invoice: account, subscription, issued_day, total and amounts in the account's currency,
        `failures` (0-4; 4: given up), first_lag_days (issue to first attempt), is_refunded.
    """
    accounts = contracts.accounts
    months = np.array(catalogue.INTERVAL_MONTHS)[contracts.interval]
    anchor, dom = calendar.month_of(contracts.paid_day), calendar.day_of_month(contracts.paid_day)
    issued = calendar.day_number(np.full(len(accounts), month.calendar_month), dom)
    is_due = (month.calendar_month - anchor) % months == 0
    is_due &= is_paying & (issued >= contracts.paid_day) & (issued < end_day)
    is_due &= (issued >= month.first_day) & (issued <= month.last_day)
    who = np.flatnonzero(is_due)
    tax = np.array([row[3] for row in catalogue.COUNTRIES])[accounts.country[who]]
    amount = np.round(contracts.price[who] * contracts.seats[who] * months[who], 2)
    failing = (rng.random((len(who), 4)) < np.stack([trouble[who], *[0.25 + 0.5 * trouble[who]] * 3], axis=1)).cumprod(
        axis=1
    )
    by_card = accounts.tier[who] == 0
    lag = np.where(by_card, 0, np.clip(rng.lognormal(2.9, 0.55, len(who)), 1, 120)).astype("int64")
    return {
        "account": who,
        "subscription": contracts.subscription[who],
        "issued_day": issued[who],
        "terms_days": np.where(by_card, 0, 30),
        "total": np.round(amount * (1 + tax), 2),
        "failures": failing.sum(axis=1).astype("int64"),
        "first_lag_days": lag,
        "is_refunded": rng.random(len(who)) < 0.008,
    }


RETRY_DAYS = np.array([0, 3, 8, 15, 15])


def with_outcome(invoices: Columns, calendar: Calendar, rng: np.random.Generator) -> tuple[Columns, Columns]:
    """Invoices with their dates and the attempts to collect them.

    Returns:
        invoices (adds invoice, issued_at, due_at, paid_at, closed_at: given up) and payments (invoice, account,
        attempted_at, status, amount, failure_code, amount_refunded, refunded_at).
    """
    count = len(invoices["account"])
    failures, first = invoices["failures"], invoices["issued_day"] + invoices["first_lag_days"]
    seconds = rng.integers(0, 86_000, count).astype(float)
    issue_seconds = rng.integers(0, 3_000, count).astype(float)
    seconds = np.where(invoices["first_lag_days"] == 0, issue_seconds + 60, seconds)
    last = calendar.timestamps(first + RETRY_DAYS[failures], seconds)
    is_paid = failures < 4
    nothing = np.datetime64("NaT", "us")
    whole: Columns = dict(invoices)
    whole["invoice"] = np.arange(count)
    whole["issued_at"] = calendar.timestamps(invoices["issued_day"], issue_seconds)
    whole["due_at"] = calendar.timestamps(invoices["issued_day"] + invoices["terms_days"], issue_seconds)
    whole["paid_at"] = np.where(is_paid, last, nothing)
    whole["closed_at"] = np.where(is_paid, nothing, last)

    attempts = np.minimum(failures + 1, 4)
    invoice = np.repeat(np.arange(count), attempts)
    number = np.arange(len(invoice)) - np.repeat(np.cumsum(attempts) - attempts, attempts)
    worked = (number == attempts[invoice] - 1) & is_paid[invoice]
    code = np.array(catalogue.FAILURE_CODES, dtype=object)[rng.choice(4, len(invoice), p=(0.4, 0.32, 0.16, 0.12))]
    refunded = worked & invoices["is_refunded"][invoice]
    attempted = calendar.timestamps(first[invoice] + RETRY_DAYS[number], seconds[invoice])
    back_after = (rng.integers(2, 25, len(invoice)) * 86_400_000_000).astype("timedelta64[us]")
    payments: Columns = {
        "invoice": invoice,
        "account": invoices["account"][invoice],
        "attempted_at": attempted,
        "worked": worked,
        "amount": invoices["total"][invoice],
        "failure_code": blanked(code, worked),
        "refunded_at": np.where(refunded, attempted + back_after, nothing),
    }
    return whole, payments


def recent_failures(parts: list[Columns], day: int, count: int) -> Array:
    """Failed attempts of each account in the 60 days before `day` (day number); later retries are not yet known."""
    failed: Any = np.zeros(count)
    for invoices in parts:
        first = invoices["issued_day"] + invoices["first_lag_days"]
        for attempt in range(4):
            when = first + RETRY_DAYS[attempt]
            hit = (invoices["failures"] > attempt) & (when < day) & (when >= day - 60)
            failed += np.bincount(invoices["account"][hit], minlength=count)
    return np.asarray(failed)


__all__ = ["NEVER", "Columns", "Contracts", "Ledger", "bill", "recent_failures", "with_outcome"]
