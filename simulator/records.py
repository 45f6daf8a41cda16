"""Source records of persons and their versions over time: who is in which system, and what each system learnt when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.households import PAST_DAYS, Persons
from simulator.places import Stream
from simulator.record_systems import APP, CRM, LOYALTY, SHOP, SUPPORT, SYSTEMS
from simulator.settings import NEVER, Array
from simulator.trouble import WRITING

_YOUNGEST = 8
PRIVATE_MAIL, WORK_MAIL, FORMER_MAIL = range(3)
PRIVATE, CONTACT, ABSENT = range(3)
_CONTACT_SHARES = {CRM: 0.45, SUPPORT: 0.12}


@dataclass
class Records:
    """One array a field, one value a source record. Days count from 1970-01-01."""

    person: Array
    system: Array  # index into SYSTEMS
    record_id: Array
    created_day: Array
    created_second: Array
    is_second: Array  # not the person's first record in this system
    mail: Array  # which mail address: PRIVATE_MAIL, WORK_MAIL or FORMER_MAIL
    is_kiosk: Array
    is_bare: Array
    sloppiness: Array
    learns_move: Array  # day on which the present address reaches it; NEVER
    learns_name: Array
    learns_mail: Array
    corrected: Array  # day on which its mistakes are mended
    touched: Array  # day of an update that changes nothing
    misses_move: Array
    misses_name: Array

    def __len__(self) -> int:
        return len(self.person)


@dataclass
class Versions:
    """One array a field, one value a version of a record; ordered by record and day."""

    record: Array
    number: Array
    day: Array
    second: Array
    new_address: Array  # whether it shows the present address
    new_name: Array
    mail: Array
    address_changed: Array  # against the version before
    name_changed: Array
    mail_changed: Array
    mended: Array

    def __len__(self) -> int:
        return len(self.record)


def draw_records(
    stream: Stream, persons: Persons, records: int | None, noise: float, standing: Array | None = None
) -> Records:
    """Records of the persons; with `records`, exactly so many (there must be persons enough).

    `standing` says of each person whether it is a PRIVATE customer (all, when not given), a CONTACT of an account,
    known to the CRM and to support only, or ABSENT: nobody has a record.
    """
    total = len(persons)
    standing = np.full(total, PRIVATE) if standing is None else standing
    owners, systems, seconds = [], [], []
    young, child = persons.age < 16, persons.age < _YOUNGEST
    has_any = np.zeros(total, dtype=bool)
    for number, item in enumerate(SYSTEMS):
        chance = np.where(young, 0.5 if number in (LOYALTY, APP) else 0.0, item.share)
        chance = np.where(standing == CONTACT, _CONTACT_SHARES.get(number, 0.0), chance)
        inside = (stream(f"in {item.name}").random(total) < chance) & ~child & (standing != ABSENT)
        has_any |= inside
        more = stream(f"again in {item.name}").poisson(item.again, total) * inside
        owner = np.repeat(np.arange(total), inside + more)
        owners.append(owner)
        systems.append(np.full(len(owner), number))
        seconds.append(np.concatenate([[False], owner[1:] == owner[:-1]]) if len(owner) else np.zeros(0, bool))
    rest = np.flatnonzero(~has_any & ~young & (standing == PRIVATE))
    owners.append(rest)
    systems.append(np.full(len(rest), SHOP))
    seconds.append(np.zeros(len(rest), dtype=bool))
    owner, system, second = (np.concatenate(part) for part in (owners, systems, seconds))
    order = np.argsort(owner, kind="stable")
    if records is not None:
        if len(order) < records:
            raise ValueError(f"{len(order)} records of {total} persons are fewer than {records}.")
        order = order[:records]
    owner, system, second = owner[order], system[order], second[order]
    return _with_histories(stream, persons, owner, system, second, noise, standing[owner] == CONTACT)


def _with_histories(
    stream: Stream, persons: Persons, owner: Array, system: Array, second: Array, noise: float, is_contact: Array
) -> Records:
    count, end = len(owner), persons.end

    def draw(name: str) -> Array:
        return stream(f"record {name}").random(count)

    def planted(kind: str) -> Array:
        return draw(kind) < WRITING[kind][0] * noise

    grown = np.minimum(PAST_DAYS, np.maximum((end - persons.birth_day[owner]) - 7 * 365, 60))
    created = end - (grown * draw("created") ** 0.9).astype("int64")
    move, name_day = persons.move_day[owner], persons.name_day[owner]
    hears = np.array([item.hears for item in SYSTEMS])[system]
    usual = np.average([item.hears for item in SYSTEMS])

    def learns(event: Array, kind: str) -> tuple[Array, Array]:
        """The day the news reaches the record, and whether it never does."""
        happened = event != NEVER
        before, knows = happened & (created < event), happened & (created >= event)
        stale_share = np.clip(WRITING[kind][0] * (1 - hears) / (1 - usual), 0, 0.95) * min(noise, 1.5)
        misses = before & (draw(kind) < stale_share)
        copied = knows & (draw(f"copied {kind}") < WRITING["copied_when_stale"][0] * noise)
        lag = 1 + stream(f"lag {kind}").exponential(25.0, count).astype("int64")
        day = np.where(before & ~misses, event + lag, np.where(knows & ~copied, created, NEVER))
        day = np.where(happened, day, created)
        return np.where(day > end, NEVER, day), misses | copied

    learns_move, misses_move = learns(move, "stale_address")
    learns_name, misses_name = learns(name_day, "former_name")

    def later(share: float, name: str) -> Array:
        day = created + 1 + (draw(f"{name} day") * np.maximum(end - created, 1)).astype("int64")
        return np.where((draw(name) < share) & (day <= end), day, NEVER)

    mail = np.where(draw("mail kind") < 0.1, FORMER_MAIL, PRIVATE_MAIL)
    crm_or_support = np.isin(system, (0, 2))
    at_work = np.where(is_contact, 0.85, np.where(crm_or_support, 0.3, 0.06))
    mail = np.where(draw("mail at work") < at_work, WORK_MAIL, mail)
    sloppy = stream("sloppiness").gamma(1.6, 1 / 1.6, count) * np.array([item.sloppiness for item in SYSTEMS])[system]
    return Records(
        person=owner,
        system=system,
        record_id=_ids(stream, system),
        created_day=created,
        created_second=stream("record created second").integers(0, 86_399, count),
        is_second=second,
        mail=mail,
        is_kiosk=np.isin(system, (SHOP, APP)) & planted("shared_device"),
        is_bare=planted("hardly_anything"),
        sloppiness=sloppy / max(float(sloppy.mean()), 1e-9) if count else sloppy,
        learns_move=learns_move,
        learns_name=learns_name,
        learns_mail=later(0.07, "mail"),
        corrected=later(0.05, "corrected"),
        touched=later(0.1, "touched"),
        misses_move=misses_move,
        misses_name=misses_name,
    )


def _ids(stream: Stream, system: Array) -> Array:
    """Opaque ids, each in the manner of its system; the same number may name somebody else in another system."""
    result = np.full(len(system), "", dtype=object)
    for number, item in enumerate(SYSTEMS):
        at = np.flatnonzero(system == number)
        rng = stream(f"ids {item.name}")
        drawn = 100_000 + rng.permutation(max(3 * len(at), 30))[: len(at)]
        salt = rng.integers(0, 2**32, len(at))
        result[at] = [_id(item.name, *pair) for pair in zip(drawn.tolist(), salt.tolist(), strict=True)]
    return result


def _id(system: str, value: int, salt: int) -> str:
    if system == "crm":
        return f"003{salt:08x}{value:07x}".upper()
    if system == "loyalty":
        return f"LM-{value:09d}"
    return f"{salt:08x}-{value % 65536:04x}-{value:07x}" if system == "app" else str(value)


def versions_of(records: Records, first: int, last: int) -> Versions:
    """The versions of the records from position `first` up to, not including, `last`."""
    place = np.arange(first, last)
    created = records.created_day[place]
    parts = [(place, created)]
    for days in (records.learns_move, records.learns_name, records.learns_mail, records.corrected, records.touched):
        day = days[place]
        at = (day != NEVER) & (day > created)
        parts.append((place[at], day[at]))
    record, day = (np.concatenate(items) for items in zip(*parts, strict=True))
    order = np.lexsort((day, record))
    record, day = record[order], day[order]
    keep = np.concatenate([[True], (record[1:] != record[:-1]) | (day[1:] != day[:-1])])[: len(record)]
    record, day = record[keep], day[keep]
    start = np.searchsorted(record, place)
    number = np.arange(len(record)) - start[record - first]
    mail_switched = records.learns_mail[record] <= day
    mail = records.mail[record]
    mail = np.where(mail_switched, np.where(mail == PRIVATE_MAIL, WORK_MAIL, PRIVATE_MAIL), mail)
    later = number > 0
    return Versions(
        record=record,
        number=number,
        day=day,
        second=(records.created_second[record] + number * 7919) % 86_400,
        new_address=records.learns_move[record] <= day,
        new_name=records.learns_name[record] <= day,
        mail=mail,
        address_changed=later & (records.learns_move[record] == day),
        name_changed=later & (records.learns_name[record] == day),
        mail_changed=later & (records.learns_mail[record] == day),
        mended=later & (records.corrected[record] == day),
    )
