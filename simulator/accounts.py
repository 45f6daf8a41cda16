"""The accounts: what a CRM would know of them, and what nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from simulator import catalogue
from simulator.settings import Array, Settings, blanked


@dataclass
class Accounts:
    """One array a field, one value an account. Days are day numbers of the window (0 = its first day)."""

    customer_id: Array
    customer_name: Array
    domain: Array
    tier: Array
    industry: Array  # None: the CRM does not say
    country: Array  # index into catalogue.COUNTRIES
    csm_owner: Array  # None: nobody
    channel: Array  # index into catalogue.CHANNELS
    currency: Array  # index into catalogue.CURRENCIES
    interval: Array  # index into catalogue.INTERVALS
    created_day: Array
    created_second: Array
    paid_day: Array  # first day that is paid for
    trial_days: Array
    owner_change_day: Array
    next_owner: Array
    is_test: Array
    is_ghost: Array  # has events but no row in accounts
    is_silent: Array  # never sends an event
    fit: Array
    onboarding: Array
    price_sensitivity: Array
    hidden_pull: Array
    is_locked_in: Array
    payment_trouble: Array
    activity: Array  # log of its usual use, without meaning for churn
    champion_loss_day: Array
    features_adopted: Array
    feature_step: Array  # the order of its features: 3 + (i * step + shift) % 13
    feature_shift: Array

    def __len__(self) -> int:
        return len(self.customer_id)

    def take(self, index: Array) -> Accounts:
        """The accounts at these positions."""
        return Accounts(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def _pick(settings: Settings, name: str, shares: tuple[float, ...] | Array, size: int) -> Array:
    weights = np.asarray(shares, dtype=float)
    return settings.stream(name).choice(len(weights), size=size, p=weights / weights.sum())


def _some(settings: Settings, name: str, share: float) -> Array:
    """Picks accounts with probability `share`; a company of 50 accounts or more has at least one."""
    value = settings.stream(name).random(settings.accounts)
    limit = max(share, float(value.min())) if settings.accounts >= 50 else share
    return np.asarray(value <= limit)


def account_names(settings: Settings, count: int) -> tuple[Array, Array]:
    """Names and domains (under .example) of `count` companies; domains are unique, names nearly so."""
    colours, things, endings = catalogue.NAME_COLOURS, catalogue.NAME_THINGS, catalogue.NAME_ENDINGS
    total = len(colours) * len(things) * len(endings)
    number = np.concatenate([settings.stream(f"names{part}").permutation(total) for part in range(-(-count // total))])[
        :count
    ]
    colour, thing, ending = number % 12, number // 12 % len(things), number // (12 * len(things))
    words = [np.array(pool, dtype=object) for pool in (colours, things, endings)]
    name = words[0][colour] + " " + words[1][thing] + " " + words[2][ending]
    stem = np.char.lower((words[0][colour] + words[1][thing] + "-" + words[2][ending]).astype(str))
    generation = np.arange(count) // total
    suffix = np.where(generation == 0, "", np.char.add("-", generation.astype(str)))
    return name, np.char.add(np.char.add(stem, suffix), ".example").astype(object)


def draw_accounts(settings: Settings) -> Accounts:
    """All accounts of the company, including those that sign up inside the window.

    Every attribute has its own random stream, so that those without a written cause are independent.
    """
    count, stream = settings.accounts, settings.stream
    calendar = settings.calendar
    tier = _pick(settings, "tier", catalogue.TIER_SHARES, count)
    industries = np.array([name for name, _ in catalogue.INDUSTRIES], dtype=object)
    industry = industries[_pick(settings, "industry", tuple(share for _, share in catalogue.INDUSTRIES), count)]
    industry = blanked(industry, stream("industry missing").random(count) < 0.07)
    country = _pick(settings, "country", tuple(row[1] for row in catalogue.COUNTRIES), count)
    managers = _manager_names(settings, max(4, min(60, count // 40)))
    owner = managers[stream("owner").integers(0, len(managers), count)]
    owner = blanked(owner, (tier == 0) & (stream("owner missing").random(count) < 0.25))

    is_old = stream("old").random(count) < 0.62
    before = -1 - np.minimum(stream("age").exponential(420.0, count), 1300.0).astype("int64")
    inside = (settings.days * stream("sign-up").random(count) ** 0.9).astype("int64")
    paid_day = np.where(is_old, before, inside)
    late = calendar.day_of_month(paid_day) > 28
    paid_day = np.where(late, paid_day - (calendar.day_of_month(paid_day) - 28), paid_day)
    has_trial = stream("trial").random(count) < 0.6
    trial_days = np.where(has_trial, np.where(stream("long trial").random(count) < 0.3, 30, 14), 0)
    created_day = paid_day - trial_days - np.where(has_trial, 0, stream("lead").integers(0, 4, count))

    local = np.array([catalogue.CURRENCIES.index(row[4]) for row in catalogue.COUNTRIES])[country]
    currency = np.where(stream("currency").random(count) < catalogue.LOCAL_CURRENCY_SHARE, local, 0)
    shares = np.array(catalogue.INTERVAL_SHARES)[tier].cumsum(axis=1)
    interval = (stream("interval").random((count, 1)) > shares[:, :2]).sum(axis=1)

    fit = stream("fit").normal(0.0, 1.0, count)
    onboarding = stream("onboarding").beta(3.0, 2.0, count)
    is_locked_in = stream("locked in").random(count) < 0.03
    breadth = 1.0 / (1.0 + np.exp(-(0.5 * fit + 3.0 * (onboarding - 0.6) + stream("breadth").normal(0.0, 0.8, count))))
    loss = created_day + stream("champion").exponential(1500.0, count).astype("int64")
    names, domains = account_names(settings, count)
    is_test = _some(settings, "test account", 0.008)
    return Accounts(
        customer_id=np.array([f"acc-{number:05d}" for number in range(1, count + 1)], dtype=object),
        customer_name=names,
        domain=domains,
        tier=tier,
        industry=industry,
        country=country,
        csm_owner=owner,
        channel=_pick(settings, "channel", tuple(row[1] for row in catalogue.CHANNELS), count),
        currency=currency,
        interval=interval,
        created_day=created_day,
        created_second=stream("created second").integers(0, 86_400, count),
        paid_day=paid_day,
        trial_days=trial_days,
        owner_change_day=created_day + stream("owner change").exponential(900.0, count).astype("int64"),
        next_owner=managers[stream("next owner").integers(0, len(managers), count)],
        is_test=is_test,
        is_ghost=_some(settings, "ghost", 0.008) & ~is_test,
        is_silent=_some(settings, "silent", 0.035) & ~_some(settings, "ghost", 0.008),
        fit=fit,
        onboarding=onboarding,
        price_sensitivity=stream("price").beta(2.0, 4.0, count),
        hidden_pull=(stream("hidden pull").random(count) < 0.1).astype(float),
        is_locked_in=is_locked_in,
        payment_trouble=stream("payment trouble").beta(1.2, 9.0, count),
        activity=stream("activity").normal(0.0, 0.6, count) - 1.1 * is_locked_in,
        champion_loss_day=loss,
        features_adopted=catalogue.CORE_FEATURES + np.round(13 * breadth).astype("int64"),
        feature_step=stream("feature step").integers(1, 13, count),
        feature_shift=stream("feature shift").integers(0, 13, count),
    )


def _manager_names(settings: Settings, count: int) -> Array:
    first, last = name_pools(settings, "managers", count)
    return first + " " + last


def name_pools(settings: Settings, purpose: str, size: int) -> tuple[Array, Array]:
    """`size` first and `size` last names (invented combinations from a word list), independent of each other."""
    from mimesis import Person  # imported late: half a second
    from mimesis.locales import Locale

    person = Person(Locale.EN, seed=int(settings.stream(purpose).integers(0, 2**31)))
    first = np.array([person.first_name() for _ in range(size)], dtype=object)
    last = np.array([person.last_name() for _ in range(size)], dtype=object)
    return first, last


def adopts(accounts: Accounts, feature: int) -> Array:
    """Whether each account has taken up a feature (index into `catalogue.FEATURES`)."""
    core = catalogue.CORE_FEATURES
    if feature < core:
        return np.ones(len(accounts), dtype=bool)
    places = np.arange(13)[None, :]
    order = (places * accounts.feature_step[:, None] + accounts.feature_shift[:, None]) % 13
    place = (order == feature - core).argmax(axis=1)
    adopted: Array = place < accounts.features_adopted - core
    return adopted
