"""Plants the trouble of `trouble.WRITING` into written fields and keeps count of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.contacts import Contacts, plain_letters
from simulator.households import Persons
from simulator.misspellings import (
    Slip,
    another_date,
    can_be_shortened,
    heard,
    scanned,
    shortened,
    typed,
    wrong_digit,
)
from simulator.name_lists import SHORT_FORMS
from simulator.places import Stream
from simulator.settings import Array
from simulator.trouble import BIT, WRITING
from simulator.writing import Fields

#: fields that change together from one version to the next
GROUPS: dict[str, tuple[str, ...]] = {
    "name": ("title", "given_name", "middle_name", "family_name", "name_suffix"),
    "address": ("house_number", "street_address", "address_line_2", "city", "postcode", "region", "country"),
    "mail": ("email", "is_email_verified"),
    "rest": ("birth_date", "gender", "phone", "mobile_phone", "national_id", "language", "company_name", "job_title", "is_phone_verified"),
}  # fmt: skip
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "given_name": ("Unknown", "N/A", "unknown", "-", "Customer", "Test", "n.n.", "XXX"),
    "birth_date": ("1900-01-01", "1970-01-01", "0000-00-00", "1901-01-01", "9999-12-31"),
    "email": (
        "test@test.com",
        "noemail@example.com",
        "none@example.com",
        "n/a",
        "unknown@example.org",
        "no@mail.example",
        "-",
    ),
    "phone": ("0000000000", "12345", "0", "n/a", "1111111111", "+000000000", "unknown"),
    "street_address": ("unknown", "N/A", "-", "no fixed address", "tbd"),
    "national_id": ("000-00-0000", "999999999", "123-45-6789", "0", "n/a"),
}


class Blemishes:
    """Plants trouble into the fields of one block of versions.

    `marks` holds, for each group of fields, the bits of the kinds planted in each version (`trouble.BIT`);
    `tally` counts for each kind the versions that could have had it and those that have.
    """

    def __init__(self, stream: Stream, fields: Fields, sloppiness: Array, noise: float) -> None:
        self.stream, self.fields, self.noise = stream, fields, noise
        self.sloppiness = sloppiness
        self.marks = {group: np.zeros(len(sloppiness), dtype="int64") for group in GROUPS}
        self.tally: dict[str, list[int]] = {}

    def _hit(self, kind: str, possible: Array, label: str = "") -> Array:
        """Positions where `kind` strikes, of those where it is possible."""
        chance = np.minimum(WRITING[kind][0] * self.noise * self.sloppiness, 0.97)
        struck = possible & (self.stream(f"{kind} {label}").random(len(possible)) < chance)
        counts = self.tally.setdefault(kind, [0, 0])
        counts[0] += int(possible.sum())
        return np.flatnonzero(struck)

    def _note(self, kind: str, group: str, at: Array) -> None:
        self.marks[group][at] |= BIT[kind]
        self.tally[kind][1] += len(at)

    def _rewrite(self, kind: str, group: str, field: str, at: Array, slip: Slip, label: str = "") -> None:
        values = self.fields[field]
        luck = self.stream(f"how {kind} {field} {label}").random((len(at), 3)).tolist()
        new = [slip(values[place], *three) for place, three in zip(at.tolist(), luck, strict=True)]
        changed = np.array([text != values[place] for place, text in zip(at.tolist(), new, strict=True)], dtype=bool)
        values[at] = new
        self._note(kind, group, at[changed])

    def _slips(self, kind: str, group: str, pair: tuple[str, str], slip: Slip) -> None:
        """A slip in the first or the second of two fields."""
        one, two = (self.fields[name] != "" for name in pair)
        at = self._hit(kind, one | two)
        second = (self.stream(f"which {kind}").random(len(at)) < 0.5) & two[at] | ~one[at]
        self._rewrite(kind, group, pair[0], at[~second], slip)
        self._rewrite(kind, group, pair[1], at[second], slip)

    def _replace(self, kind: str, group: str, field: str, at: Array, new: list[str] | Array) -> None:
        self.fields[field][at] = new
        self._note(kind, group, at)

    def _placeholder(self, kind: str, group: str, field: str, words: str = "") -> Array:
        at = self._hit(kind, self.fields[field] != "", field)
        pool = np.array(PLACEHOLDERS[words or field], dtype=object)
        self._replace(kind, group, field, at, pool[self.stream(f"word {kind} {field}").integers(0, len(pool), len(at))])
        return at

    def names(self) -> None:
        """Nicknames, initials, swaps, letters and capitals."""
        fields = self.fields
        given, family = fields["given_name"], fields["family_name"]
        at = self._hit("short_name", np.array([name in SHORT_FORMS for name in given.tolist()], dtype=bool))
        self._rewrite("short_name", "name", "given_name", at, _short)
        at = self._hit("dropped_name_part", np.array([" " in name or "-" in name for name in family.tolist()], dtype=bool))  # fmt: skip
        self._rewrite("dropped_name_part", "name", "family_name", at, _one_part)
        self._slips("phonetic_name", "name", ("given_name", "family_name"), heard)
        self._slips("typo_in_name", "name", ("given_name", "family_name"), typed)
        self._slips("scanned_name", "name", ("given_name", "family_name"), scanned)
        at = self._hit("initial_only", given != "")
        self._rewrite("initial_only", "name", "given_name", at, lambda text, how, *_: text[:1] + "." * (how < 0.5))
        pairs = zip(given.tolist(), family.tolist(), strict=True)
        foreign = np.array([not (one.isascii() and two.isascii()) for one, two in pairs], dtype=bool)
        at = self._hit("no_diacritics", foreign)
        as_german = self.stream("umlauts").random(len(at)) < 0.5
        for name in ("given_name", "family_name"):
            fields[name][at] = [plain_letters(text, how) for text, how in zip(fields[name][at], as_german, strict=True)]
        self._note("no_diacritics", "name", at)
        at = self._hit("name_in_capitals", given != "")
        low = self.stream("small letters").random(len(at)) < 0.4
        for name in ("given_name", "family_name", "middle_name"):
            fields[name][at] = [t.lower() if how else t.upper() for t, how in zip(fields[name][at], low, strict=True)]
        self._note("name_in_capitals", "name", at)
        at = self._hit("swapped_names", (given != "") & (family != ""))
        fields["given_name"][at], fields["family_name"][at] = family[at].copy(), given[at].copy()
        self._note("swapped_names", "name", at)
        self._placeholder("placeholder_name", "name", "given_name")

    def births(self) -> None:
        """Wrong, half and invented birth dates."""
        dates = self.fields["birth_date"]
        can = np.array([bool(t) and t[8:] <= "12" and t[8:] != t[5:7] for t in dates.tolist()], dtype=bool)
        at = self._hit("birth_day_and_month_swapped", can)
        self._replace("birth_day_and_month_swapped", "rest", "birth_date", at, [f"{t[:4]}-{t[8:]}-{t[5:7]}" for t in dates[at]])  # fmt: skip
        self._rewrite("birth_date_digit", "rest", "birth_date", self._hit("birth_date_digit", dates != ""), another_date)  # fmt: skip
        at = self._hit("birth_year_only", dates != "")
        self._replace("birth_year_only", "rest", "birth_date", at, [text[:4] for text in dates[at]])
        self._placeholder("placeholder_birth_date", "rest", "birth_date")

    def mails(self, persons: Persons, contacts: Contacts, person: Array) -> None:
        """Mail of the partner, slips, tags and placeholders."""
        mail = self.fields["email"]
        partner = persons.partner[person]
        other = contacts.private_mail[np.maximum(partner, 0)]
        at = self._hit("mail_of_partner", (mail != "") & (partner >= 0) & (other != mail))
        self._replace("mail_of_partner", "mail", "email", at, other[at])
        self._rewrite("typo_in_mail", "mail", "email", self._hit("typo_in_mail", mail != ""), typed)
        self._rewrite("tagged_mail", "mail", "email", self._hit("tagged_mail", mail != ""), _tagged)
        self._placeholder("placeholder_mail", "mail", "email")
        at = np.flatnonzero(self.stream("mail in capitals").random(len(mail)) < 0.04 * self.noise)
        mail[at] = [text.capitalize() if len(text) % 3 else text.upper() for text in mail[at]]

    def phone_digits(self) -> None:
        """Wrong digits; before numbers are written in the form of a system."""
        for name in ("phone", "mobile_phone"):
            at = self._hit("phone_digit", self.fields[name] != "", name)
            self._rewrite("phone_digit", "rest", name, at, lambda t, *luck: t[:5] + wrong_digit(t[5:], *luck))

    def phone_forms(self, write: Callable[[Array, Array, str], Array]) -> None:
        """Forms of numbers: the system's own, or another one; and placeholders."""
        for name in ("phone", "mobile_phone"):
            values = self.fields[name]
            at = self._hit("odd_phone_format", values != "", name)
            is_odd = np.zeros(len(values), dtype=bool)
            is_odd[at] = True
            self.fields[name] = write(values, is_odd, name)
            self._note("odd_phone_format", "rest", at)
            self._placeholder("placeholder_phone", "rest", name, "phone")

    def addresses(self) -> None:
        """Slips, shortenings and placeholders in addresses, and in national ids."""
        fields = self.fields
        street, postcode = fields["street_address"], fields["postcode"]
        at = self._hit("abbreviated_street", np.array([can_be_shortened(text) for text in street.tolist()], dtype=bool))
        self._rewrite("abbreviated_street", "address", "street_address", at, shortened)
        self._slips("typo_in_address", "address", ("street_address", "city"), typed)
        self._slips("scanned_address", "address", ("street_address", "city"), scanned)
        self._rewrite("postcode_digit", "address", "postcode", self._hit("postcode_digit", postcode != ""), wrong_digit)
        apart = fields["house_number"] != ""
        at = self._hit("house_number_off", street != "")
        self._rewrite("house_number_off", "address", "house_number", at[apart[at]], _number_off)
        self._rewrite("house_number_off", "address", "street_address", at[~apart[at]], _number_off)
        at = self._placeholder("placeholder_address", "address", "street_address")
        fields["house_number"][at] = ""
        ids = fields["national_id"]
        self._rewrite("national_id_digit", "rest", "national_id", self._hit("national_id_digit", ids != ""), wrong_digit)  # fmt: skip
        self._placeholder("placeholder_national_id", "rest", "national_id")

    def gaps(self) -> None:
        """Fields left empty though the system has them."""
        for group, names in GROUPS.items():
            for name in names:
                if group == "name" and name in ("given_name", "family_name"):
                    continue
                at = self._hit("field_missing", self.fields[name] != "", name)
                self._replace("field_missing", group, name, at, [""] * len(at))


def _short(text: str, how: float, where: float, what: float) -> str:
    forms = SHORT_FORMS[text].split(",")
    return forms[int(how * len(forms))]


def _one_part(text: str, how: float, where: float, what: float) -> str:
    mark = "-" if "-" in text else " "
    parts = text.split(mark)
    if parts[0] in ("de", "van", "ter", "El", "De"):
        return parts[-1] if how < 0.5 else "".join(parts)
    return parts[0] if how < 0.55 else parts[-1] if how < 0.8 else (" " if mark == "-" else "-").join(parts)


def _tagged(text: str, how: float, where: float, what: float) -> str:
    if "@" not in text:
        return text
    local, domain = text.split("@", 1)
    if how < 0.65 or len(local) < 4:
        return f"{local}+{('shop', 'news', 'app', 'promo', 'x')[int(where * 5)]}@{domain}"
    if "." in local:
        return f"{local.replace('.', '')}@{domain}"
    at = 1 + int(where * (len(local) - 2))
    return f"{local[:at]}.{local[at:]}@{domain}"


def _number_off(text: str, how: float, where: float, what: float) -> str:
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text
    at = places[int(where * len(places))]
    if how < 0.4 and len(places) > 1:
        return text[:at] + text[at + 1 :]
    return text[:at] + str((int(text[at]) + 1 + int(what * 9)) % 10) + text[at + 1 :]
