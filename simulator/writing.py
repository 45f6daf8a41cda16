"""How each system writes down what it is told: the fields of a version before anything goes wrong with them."""

from __future__ import annotations

import numpy as np

from simulator.contacts import Contacts
from simulator.households import Persons
from simulator.places import PLACES, Stream
from simulator.record_systems import SYSTEMS
from simulator.records import FORMER_MAIL, WORK_MAIL, Records, Versions
from simulator.settings import Array

Fields = dict[str, Array]
NAME_FIELDS = ("title", "given_name", "middle_name", "family_name", "name_suffix")
#: names of countries as people write them
_COUNTRY_WORDS = {
    "US": ("USA", "United States", "U.S.A."), "GB": ("UK", "United Kingdom", "England"), "DE": ("Deutschland", "Germany", "D"),
    "FR": ("France", "FRANCE"), "ES": ("España", "Spain"), "IT": ("Italia", "Italy"), "NL": ("Nederland", "The Netherlands"),
    "SE": ("Sverige", "Sweden"), "PL": ("Polska", "Poland"), "BR": ("Brasil", "Brazil"),
}  # fmt: skip


def write_fields(stream: Stream, persons: Persons, contacts: Contacts, records: Records, versions: Versions) -> Fields:
    """All fields of the versions as text ('' where a system leaves one empty), correctly written.

    Names stand in their parts; `join_names` makes them one field where a system has no parts.
    """
    record = versions.record
    person, system = records.person[record], records.system[record]
    first = int(record[0]) if len(record) else 0
    place = record - first
    size = int(place[-1]) + 1 if len(record) else 0
    result: Fields = {}

    def filled(field: str) -> Array:
        share = np.array([item.fills.get(field, 0.0) for item in SYSTEMS])[records.system[first : first + size]]
        return (stream(f"fills {field}").random(size) < share)[place]

    def put(field: str, values: Array, group: str = "") -> None:
        result[field] = np.where(filled(group or field), values, "").astype(object)

    family = np.where(versions.new_name, persons.family[person], persons.former_family[person])
    result["given_name"], result["family_name"] = persons.given[person], family.astype(object)
    is_man = persons.sex[person] == 1
    polite = np.where(is_man, "Mr", np.where(stream("married title").random(size)[place] < 0.5, "Mrs", "Ms"))
    title = np.where(persons.title[person] != "", persons.title[person], polite)
    put("title", title)
    short = stream("middle initial").random(size)[place] < 0.5
    initials = np.array([name[:1] for name in persons.middle.tolist()], dtype=object)
    put("middle_name", np.where(short, initials[person], persons.middle[person]))
    put("name_suffix", persons.suffix[person])
    put("birth_date", (persons.birth_day[person].astype("datetime64[D]")).astype("U10").astype(object))
    words = stream("gender words").integers(0, 3, size)[place]
    put("gender", np.array([["F", "female", "w"], ["M", "male", "m"]], dtype=object)[is_man.astype(int), words])

    mail = contacts.private_mail[person]
    for kind, other in ((WORK_MAIL, contacts.work_mail), (FORMER_MAIL, contacts.former_mail)):
        mail = np.where((versions.mail == kind) & (other[person] != ""), other[person], mail)
    put("email", mail)
    former = stream("former mobile").random(size)[place] < 0.4
    mobile = np.where(former & (contacts.former_mobile[person] != ""), contacts.former_mobile[person], contacts.mobile[person])  # fmt: skip
    put("mobile_phone", mobile)
    by_line = (stream("by landline").random(size)[place] < 0.6) & (contacts.landline[person] != "")
    put("phone", np.where(by_line, contacts.landline[person], mobile))
    put("national_id", contacts.national_id[person])

    homes = persons.addresses
    home = np.where(versions.new_address, persons.address[person], persons.former_address[person])
    has_address = filled("address")
    number, street = homes.number[home], homes.street[home]
    apart = np.array([item.has_number_apart for item in SYSTEMS])[system]
    number_first = np.array([land.number_first for land in PLACES])[homes.place[home]]
    together = np.where(number_first, number + " " + street, street + " " + number)
    result["house_number"] = np.where(has_address & apart, number, "").astype(object)
    result["street_address"] = np.where(has_address, np.where(apart, street, together), "").astype(object)
    result["address_line_2"] = np.where(has_address & filled("address_line_2"), homes.unit[home], "").astype(object)
    result["city"] = np.where(has_address | filled("city"), homes.city[home], "").astype(object)
    result["postcode"] = np.where(has_address | filled("postcode"), homes.postcode[home], "").astype(object)
    result["region"] = np.where(has_address & filled("region"), homes.region[home], "").astype(object)
    put("country", _countries(stream, homes.place[home], system, place, size))
    put("language", np.array([land.language for land in PLACES], dtype=object)[persons.place[person]])
    result["company_name"] = np.where(filled("company_name"), contacts.company[person], "").astype(object)
    result["job_title"] = np.where(filled("job_title"), contacts.job[person], "").astype(object)
    for field, share in (("is_email_verified", 0.8), ("is_phone_verified", 0.7)):
        verified = stream(field).random(size)[place] < share
        put(field, np.where(verified, "true", "false"))
    result["is_email_verified"] = np.where(result["email"] == "", "", result["is_email_verified"]).astype(object)
    result["full_name"] = np.full(len(record), "", dtype=object)
    return result


def _countries(stream: Stream, land: Array, system: Array, place: Array, size: int) -> Array:
    codes = np.array([item.code for item in PLACES], dtype=object)[land]
    luck = stream("country words").random(size)[place]
    choices = [_COUNTRY_WORDS[item.code] for item in PLACES]
    words = np.array([choices[at][int(value * len(choices[at]))] for at, value in zip(land, luck, strict=True)], dtype=object)  # fmt: skip
    form = np.array([item.country_form for item in SYSTEMS])[system]
    as_word = (form == "name") | ((form == "mixed") & (stream("country mixed").random(size)[place] < 0.5))
    return np.where(as_word, words, codes)


def join_names(stream: Stream, fields: Fields, system: Array, place: Array) -> None:
    """Where a system keeps the name in one field: put it together there, in one of several orders.

    `place` is the position of each version's record in the block.
    """
    form = np.array([item.name_form for item in SYSTEMS])[system]
    at = np.flatnonzero(form != "parts")
    luck = stream("order of names").random(int(place.max(initial=0)) + 1)[place][at]
    family_first = (form[at] == "family first") != (luck < 0.08)
    columns = [fields[name][at] for name in NAME_FIELDS]
    for place, family_leads, kind, *parts in zip(at, family_first, luck, *columns, strict=True):
        title, given, middle, family, suffix = parts
        front = " ".join(part for part in (given, middle + "." if len(middle) == 1 else middle) if part)
        if family_leads:
            joined = f"{family}, {front}" if kind < 0.9 else f"{family} {front}"
            fields["full_name"][place] = " ".join(part for part in (joined, suffix) if part).strip(" ,")
        else:
            fields["full_name"][place] = " ".join(part for part in (title, front, family, suffix) if part)
    for name in NAME_FIELDS:
        fields[name][at] = ""


def write_phones(stream: Stream, values: Array, land: Array, system: Array, is_odd: Array, field: str) -> Array:
    """Telephone numbers (+ and digits) as a system writes them: international, national or spaced; odd ones otherwise."""
    form = np.array([item.phone_form for item in SYSTEMS])[system].tolist()
    luck = stream(f"phone form {field}").random(len(values)).tolist()
    result = values.copy()
    lands = [(len(item.prefix) + 1, item.prefix, item.trunk) for item in PLACES]
    for place in np.flatnonzero(values != "").tolist():
        cut, prefix, trunk = lands[land[place]]
        text, kind, chance = values[place], form[place], luck[place]
        rest = text[cut:]
        head, middle, tail = rest[:3], rest[3:-4], rest[-4:]
        if is_odd[place]:
            result[place] = (
                f"00{prefix}{rest}" if chance < 0.2
                else f"+{prefix} ({trunk}) {head} {middle} {tail}".replace("() ", "") if chance < 0.4
                else f"({trunk}{head}) {middle}-{tail}" if chance < 0.55
                else f"{trunk}{head}/{middle}{tail}" if chance < 0.65
                else f"{trunk}{head}.{middle}.{tail}" if chance < 0.75
                else f"{prefix}{rest}" if chance < 0.85
                else f"tel. {trunk}{head} {middle}{tail}" if chance < 0.92
                else f"{trunk}{rest}"
            )  # fmt: skip
        elif kind == "national":
            result[place] = f"{trunk}{head} {middle}{tail}" if chance < 0.5 else f"{trunk}{rest}"
        elif kind == "spaced":
            result[place] = f"+{prefix} {head} {middle} {tail}"
    return result


def write_dates(stream: Stream, values: Array, system: Array) -> Array:
    """Dates (year-month-day, or a year) in the form of each system."""
    forms = [item.birth_form for item in SYSTEMS]
    result = values.copy()
    for place in np.flatnonzero(values != "").tolist():
        text, form = values[place], forms[system[place]]
        if len(text) == 10 and form != "%Y-%m-%d":
            year, month, day = text[:4], text[5:7], text[8:]
            result[place] = f"{day}/{month}/{year}" if "/" in form else f"{day}.{month}.{year}"
    return result
