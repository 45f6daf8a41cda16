"""Finished rows of person records: written, blemished, carried over from version to version, never quite empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.blemishes import GROUPS, Blemishes
from simulator.contacts import Contacts
from simulator.households import Persons
from simulator.places import Stream
from simulator.record_systems import SYSTEMS
from simulator.records import FORMER_MAIL, WORK_MAIL, Records, Versions, versions_of
from simulator.settings import NEVER, Array
from simulator.trouble import BIT
from simulator.writing import Fields, join_names, write_dates, write_fields, write_phones

_STRONG = ("birth_date", "email", "phone", "mobile_phone", "street_address", "national_id")


@dataclass
class Sheet:
    """A block of rows: the fields of each version, the bits of its trouble (`trouble.BIT`), and the tally of kinds."""

    versions: Versions
    fields: Fields
    marks: Array
    tally: dict[str, list[int]]


def make_sheet(
    stream: Stream, persons: Persons, contacts: Contacts, records: Records, first: int, last: int, noise: float
) -> Sheet:
    """The rows of the records from position `first` up to, not including, `last`."""
    versions = versions_of(records, first, last)
    record = versions.record
    person, system = records.person[record], records.system[record]
    fields = write_fields(stream, persons, contacts, records, versions)
    clean_mail = contacts.private_mail[person]
    clean_mobile = contacts.mobile[person]
    sloppiness = np.where(versions.mended, 0.0, records.sloppiness[record])
    blemishes = Blemishes(stream, fields, sloppiness, noise)
    blemishes.names()
    blemishes.births()
    blemishes.mails(persons, contacts, person)
    blemishes.phone_digits()
    blemishes.addresses()
    blemishes.gaps()
    land = persons.place[person].tolist()
    blemishes.phone_forms(lambda values, odd, field: write_phones(stream, values, np.asarray(land), system, odd, field))
    fields["birth_date"] = write_dates(stream, fields["birth_date"], system)
    _carry_over(versions, fields, blemishes.marks)
    marks = np.bitwise_or.reduce(list(blemishes.marks.values()))
    bare = records.is_bare[record]
    _keep_something(fields, bare, clean_mail, clean_mobile)
    for name, values in fields.items():
        if name not in ("given_name", "family_name", "full_name", "country", "title"):
            values[bare] = ""
    join_names(stream, fields, system, record - first)
    return Sheet(versions, fields, marks | _marks_of_records(persons, contacts, records, versions), blemishes.tally)


def _carry_over(versions: Versions, fields: Fields, marks: dict[str, Array]) -> None:
    """What did not change stays as the version before had it, mistakes included."""
    changed = {
        "name": versions.name_changed,
        "address": versions.address_changed,
        "mail": versions.mail_changed,
        "rest": np.zeros(len(versions), dtype=bool),
    }
    for number in range(1, int(versions.number.max(initial=0)) + 1):
        at = np.flatnonzero((versions.number == number) & ~versions.mended)
        for group, names in GROUPS.items():
            same = at[~changed[group][at]]
            for name in names:
                fields[name][same] = fields[name][same - 1]
            marks[group][same] = marks[group][same - 1]


def _keep_something(fields: Fields, bare: Array, mail: Array, mobile: Array) -> None:
    """A row that says nothing but a name gets a way to reach the person; so do some that say only one thing more."""
    nameless = (fields["given_name"] == "") & (fields["family_name"] == "")
    assert not nameless.any()
    known = np.sum([fields[name] != "" for name in _STRONG], axis=0)
    empty = np.flatnonzero((known == 0) & ~bare)
    fields["email"][empty] = mail[empty]
    more = empty[::2]
    fields["phone"][more] = mobile[more]


def _marks_of_records(persons: Persons, contacts: Contacts, records: Records, versions: Versions) -> Array:
    record = versions.record
    person = records.person[record]
    marks = np.zeros(len(record), dtype="int64")
    system = records.system[record]
    has_address = np.array(["address" in item.fills for item in SYSTEMS])[system]
    for kind, flags in {
        "stale_address": records.misses_move[record] & has_address & (records.created_day[record] < persons.move_day[person]),
        "former_name": records.misses_name[record] & (records.created_day[record] < persons.name_day[person]),
        "copied_when_stale": (records.misses_move[record] & has_address & (records.created_day[record] >= persons.move_day[person]))
        | (records.misses_name[record] & (records.created_day[record] >= persons.name_day[person])),
        "hardly_anything": records.is_bare[record],
        "shared_device": records.is_kiosk[record],
        "second_record_in_system": records.is_second[record],
        "work_mail": (versions.mail == WORK_MAIL) & (contacts.work_mail[person] != ""),
        "former_mail": (versions.mail == FORMER_MAIL) & (contacts.former_mail[person] != ""),
        "moved": persons.move_day[person] != NEVER,
        "name_changed": persons.name_day[person] != NEVER,
        "twin": persons.is_twin[person],
        "namesake_at_home": persons.is_namesake_at_home[person],
        "namesake_elsewhere": persons.is_namesake_elsewhere[person],
        "shared_mailbox": contacts.is_shared_mailbox[person],
        "recycled_phone": contacts.is_recycled_phone[person],
    }.items():  # fmt: skip
        marks |= np.where(flags, BIT[kind], 0)
    return marks
