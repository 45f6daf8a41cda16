"""People and their logins and devices: who is the same person behind several ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator import catalogue
from simulator.accounts import Accounts, name_pools
from simulator.settings import NEVER, Array, Settings, blanked


@dataclass
class People:
    """Users, one array a field; `device_*` has one value a device of a user."""

    user_id: Array
    account: Array  # position of the account
    person_id: Array
    full_name: Array
    email: Array
    role: Array
    created_day: Array
    left_day: Array  # login switched off; NEVER: not
    sessions_a_day: Array  # on a plain working day of a typical account
    is_internal: Array
    device_user: Array  # position of the user
    device_number: Array
    visitor_id: Array
    device_type: Array

    def __len__(self) -> int:
        return len(self.user_id)


def _visitor_ids(settings: Settings, name: str, count: int) -> Array:
    raw = settings.stream(name).integers(0, 2**63, count, dtype=np.uint64)
    return np.array([f"{value:016x}" for value in raw.tolist()], dtype=object)


def draw_people(settings: Settings, accounts: Accounts) -> People:
    """Logins of all accounts with their devices.

    About one login in fifty belongs to a person who also has a login on another account (a consultant) and uses
    the same laptop for both; about one device in a hundred is shared by two persons of an account.
    """
    stream = settings.stream
    count = np.clip(
        np.round(np.array(catalogue.USERS_MEDIAN)[accounts.tier] * stream("users").lognormal(0.0, 0.55, len(accounts))),
        1,
        400,
    ).astype("int64")
    account = np.repeat(np.arange(len(accounts)), count)
    total = len(account)
    place = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
    is_early = (place == 0) | (stream("early user").random(total) < 0.45)
    wait = np.where(
        is_early, stream("first days").integers(0, 6, total), stream("later user").exponential(150.0, total)
    )
    created = accounts.created_day[account] + np.where(place == 0, 0, wait).astype("int64")
    stays = stream("user stays").exponential(1100.0, total).astype("int64") + 20
    left = np.where(place == 0, accounts.champion_loss_day[account], created + stays)
    left = np.where(left > settings.days + 365, NEVER, np.maximum(left, created + 5))
    weight = stream("user weight").lognormal(-0.6, 1.15, total) * np.where(place == 0, 2.5, 1.0)

    person = np.arange(total)
    shared = np.flatnonzero(stream("consultant").random(total) < 0.02)
    shared = shared[shared > 0]
    twin = (shared * stream("twin").random(len(shared))).astype("int64")
    apart = (account[twin] != account[shared]) & ~np.isin(twin, shared)
    shared, twin = shared[apart], person[twin[apart]]
    person[shared] = person[twin]

    first, last = name_pools(settings, "people", 2500)
    first_at = stream("first name").integers(0, len(first), total)[person]
    last_at = stream("last name").integers(0, len(last), total)[person]
    local = _mail_names(first, last, first_at, last_at, stream("mail form").integers(0, 3, total)[person], person)
    domain = accounts.domain[account]
    private = stream("one mail for both").random(total)[person] < 0.5
    is_twin = np.isin(person, person[shared])
    email = local + "@" + np.where(is_twin & private, "consulting.example.com", domain)
    email = blanked(email, stream("mail missing").random(total) < 0.02)

    devices = 1 + (stream("devices").random(total)[:, None] > np.array([0.62, 0.92])).sum(axis=1)
    device_user = np.repeat(np.arange(total), devices)
    number = np.arange(len(device_user)) - np.repeat(np.cumsum(devices) - devices, devices)
    kind = np.where(
        number == 0, "desktop", np.where(stream("device kind").random(len(number)) < 0.8, "mobile", "tablet")
    )
    visitor = _visitor_ids(settings, "visitors", len(number))
    first_device = np.flatnonzero(number == 0)
    visitor[first_device] = visitor[first_device][person]  # a consultant's laptop serves both logins
    neighbour = first_device[np.maximum(np.arange(total) - 1, 0)]
    is_office = (number == 0) & (stream("shared device").random(len(number)) < 0.012)
    is_office &= (place[device_user] > 0) & ~is_twin[device_user] & ~is_twin[np.maximum(device_user - 1, 0)]
    visitor[is_office] = visitor[neighbour[device_user[is_office]]]
    return People(
        user_id=np.array([f"usr-{value:06d}" for value in range(1, total + 1)], dtype=object),
        account=account,
        person_id=np.array([f"per-{value + 1:06d}" for value in person.tolist()], dtype=object),
        full_name=first[first_at] + " " + last[last_at],
        email=email,
        role=np.array(catalogue.ROLES, dtype=object)[
            np.where(place == 0, 0, stream("role").choice(len(catalogue.ROLES), total, p=catalogue.ROLE_SHARES))
        ],
        created_day=created,
        left_day=left,
        sessions_a_day=0.4 * weight,
        is_internal=accounts.is_test[account],
        device_user=device_user,
        device_number=number,
        visitor_id=visitor,
        device_type=kind.astype(object),
    )


def _mail_names(first: Array, last: Array, first_at: Array, last_at: Array, form: Array, person: Array) -> Array:
    plain_first = np.array(
        ["".join(c for c in name.lower() if c.isascii() and c.isalnum()) for name in first], dtype=object
    )
    plain_last = np.array(
        ["".join(c for c in name.lower() if c.isascii() and c.isalnum()) for name in last], dtype=object
    )
    initial = np.array([name[:1] for name in plain_first], dtype=object)
    given, family = plain_first[first_at], plain_last[last_at]
    forms = [given + "." + family, initial[first_at] + family, given]
    number = np.where(form == 2, (person % 90 + 10).astype(str), "").astype(object)
    names: Array = np.choose(form, forms) + number
    return names
