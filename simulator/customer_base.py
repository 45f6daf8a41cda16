"""The persons whom the company knows: contacts of its accounts, who have logins, and private customers with their households."""

from __future__ import annotations

import duckdb
import numpy as np

from simulator import catalogue
from simulator.accounts import Accounts
from simulator.contacts import draw_contacts
from simulator.households import FIRST, draw_persons
from simulator.people import People
from simulator.person_files import PersonFiles
from simulator.places import PLACES
from simulator.records import ABSENT, CONTACT, PRIVATE, draw_records
from simulator.settings import NEVER, Array, Settings, blanked

_PRIVATE_HOUSEHOLDS_AN_ACCOUNT = 2.0
_DAYS_A_YEAR = 365.25
_ACCOUNT_UNKNOWN = 0.05


def draw_customer_base(
    session: duckdb.DuckDBPyConnection, settings: Settings, accounts: Accounts, people: People
) -> PersonFiles:
    """All persons of the simulation with their records, loaded into the session.

    Each person with a login is the first of a household of which nobody else is known; about half of them are contacts
    in the CRM. Private customers come on top, some two households an account.
    """
    stream = settings.stream
    users = np.unique(people.person_id.astype("U"), return_index=True)[1]  # the first login of each person
    users.sort()
    count = len(users)
    private = int(_PRIVATE_HOUSEHOLDS_AN_ACCOUNT * len(accounts)) + 4
    codes = [land.code for land in PLACES]
    nearest = {"CA": "US", "AU": "GB", "IN": "GB"}
    lands = np.array([codes.index(nearest.get(row[0], row[0])) for row in catalogue.COUNTRIES])
    shares = np.array([land.share for land in PLACES])
    anywhere = stream("place").choice(len(PLACES), private, p=shares / shares.sum())
    place = np.concatenate([lands[accounts.country[people.account[users]]], anywhere])
    last_day = int(np.datetime64(settings.end, "D").astype("int64"))
    persons = draw_persons(stream, len(place), last_day, place)

    heads = np.flatnonzero((persons.household < count) & (persons.member == FIRST))
    names = [name.split(" ", 1) for name in people.full_name[users]]
    persons.given[heads] = [given for given, _ in names]
    family = np.array([family for _, family in names], dtype=object)
    persons.family[heads] = persons.former_family[heads] = family
    persons.name_day[heads] = NEVER
    persons.middle[heads] = ""
    persons.birth_day[heads] = last_day - ((22 + 42 * stream("age of users").random(count)) * _DAYS_A_YEAR).astype(int)
    persons.is_namesake_at_home[heads] = False

    employers = list(zip(accounts.customer_name.tolist(), accounts.domain.tolist(), strict=True))
    contacts = draw_contacts(stream, persons, employers)
    mail = people.email[users]
    contacts.work_mail[heads] = np.where(
        np.array([address is None for address in mail], dtype=bool), contacts.private_mail[heads], mail
    )
    contacts.company[heads] = accounts.customer_name[people.account[users]]

    standing = np.where(persons.household < count, ABSENT, PRIVATE)
    standing[heads[~people.is_internal[users]]] = CONTACT
    records = draw_records(stream, persons, None, 1.0, standing)
    account = np.full(len(persons), -1, dtype="int64")
    account[heads] = people.account[users]
    number = account[records.person]
    missing = (number < 0) | (stream("contact without account").random(len(records)) < _ACCOUNT_UNKNOWN)
    customer_id: Array = blanked(accounts.customer_id[np.maximum(number, 0)], missing)

    made_up = np.char.add("prv-", np.char.zfill((np.arange(len(persons)) + 1).astype("U8"), 6)).astype(object)
    made_up[heads] = people.person_id[users]
    files = PersonFiles(session, stream, persons, contacts, records, 1.0, made_up)
    position = dict(zip(people.person_id[users].tolist(), heads.tolist(), strict=True))
    files.logins = (people.user_id, np.array([position[name] for name in people.person_id.tolist()], dtype="int64"))
    files.load(lambda text: None, customer_id)
    return files
