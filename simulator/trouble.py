"""How much trouble is planted into personal data: every rate in this one place.

LIFE is what happens to people; it does not depend on the setting `noise`. WRITING is what happens to records when they are
typed, scanned, copied and left alone; its shares are multiplied by `noise`. A share is taken of what could have the trouble: a
name without diacritics cannot lose them, a record without a telephone number cannot have it written oddly. Some records and
systems are sloppier than others; the shares are their mean.
"""

from __future__ import annotations

#: kind -> (share, of what)
LIFE: dict[str, tuple[float, str]] = {
    "moved": (0.3, "households, within five years; 65 in 100 of them inside their town"),
    "left_home": (0.3, "grown children: an address of their own within five years"),
    "married": (0.12, "couples, within five years"),
    "divorced": (0.05, "couples, within five years: one moves out, and takes the former name again"),
    "double_name": (0.15, "those who take a name at marriage: both names joined by a hyphen"),
    "twins": (0.08, "households with two or more children: same birth date, name and address"),
    "twins_share_contacts": (0.2, "pairs of twins: one mobile number; and, apart from that, one mail address"),
    "parent_and_child_namesakes": (0.06, "households with a parent and a child of the same sex: same name at one address"),
    "namesakes_born_alike": (0.004, "persons: name and birth date of somebody in another place"),
    "couple_mailbox": (0.12, "couples: one mail address for both"),
    "family_mailbox": (0.06, "households of three or more: one mail address for all"),
    "landline": (0.5, "households: a telephone that all of them share"),
    "recycled_phone": (0.006, "persons: their mobile number was somebody else's before"),
    "role_mailbox": (0.06, "working persons: info@, office@ or sales@ as their address at work"),
}  # fmt: skip

WRITING: dict[str, tuple[float, str]] = {
    # names
    "typo_in_name": (0.05, "rows: a letter more, less, other or in the wrong place, in given or family name"),
    "phonetic_name": (0.03, "rows: given or family name written as heard"),
    "scanned_name": (0.01, "rows: letters misread by a scanner"),
    "short_name": (0.12, "rows whose given name has a short form"),
    "initial_only": (0.03, "rows: the given name is one letter"),
    "swapped_names": (0.015, "rows: given and family name change places"),
    "dropped_name_part": (0.25, "rows whose family name has two parts: one of them is missing"),
    "no_diacritics": (0.3, "rows whose name has letters outside a to z: written without"),
    "name_in_capitals": (0.07, "rows: name in capitals or in small letters"),
    "placeholder_name": (0.003, "rows: unknown, n/a or the like instead of the given name"),
    # birth dates
    "birth_day_and_month_swapped": (0.02, "rows with a birth date whose day may be a month"),
    "birth_date_digit": (0.02, "rows with a birth date: one digit is wrong, two digits swapped, or a year, month or day off by one"),
    "birth_year_only": (0.03, "rows with a birth date"),
    "placeholder_birth_date": (0.015, "rows with a birth date: 1900-01-01 and the like"),
    # mail
    "typo_in_mail": (0.015, "rows with a mail address"),
    "tagged_mail": (0.03, "rows with a mail address: name+shop@, or dots set differently"),
    "placeholder_mail": (0.01, "rows with a mail address: test@test.com, noemail@ and the like"),
    "mail_of_partner": (0.02, "rows with a mail address of persons who have a partner: the partner's"),
    # telephone
    "odd_phone_format": (0.3, "rows with a telephone number: other than the system's own form"),
    "phone_digit": (0.015, "telephone numbers: a digit wrong, missing or swapped"),
    "placeholder_phone": (0.01, "telephone numbers: zeros, 12345 and the like"),
    # addresses
    "typo_in_address": (0.05, "rows with an address: in street or city"),
    "scanned_address": (0.01, "rows with an address: letters misread by a scanner"),
    "abbreviated_street": (0.3, "rows whose street holds a word that people shorten"),
    "postcode_digit": (0.015, "rows with a postcode"),
    "house_number_off": (0.01, "rows with an address: a digit wrong or missing"),
    "placeholder_address": (0.006, "rows with an address"),
    # whole records
    "national_id_digit": (0.01, "rows with a national id"),
    "placeholder_national_id": (0.02, "rows with a national id: 000-00-0000 and the like"),
    "field_missing": (0.06, "filled fields other than the name, each on its own"),
    "stale_address": (0.45, "records made before a move: the new address never reached them"),
    "former_name": (0.45, "records made before a change of name: the new name never reached them"),
    "copied_when_stale": (0.06, "records made after a move or a change of name: from an old copy"),
    "hardly_anything": (0.01, "records: a name and no further attribute than a country; nobody could tell who it is"),
    "shared_device": (0.03, "records of app and shop: made at a kiosk, a device that hundreds use"),
}  # fmt: skip

#: kinds that say something of the person behind the record, noted on all of the person's records
OF_PERSONS = (
    "moved",
    "name_changed",
    "twin",
    "namesake_at_home",
    "namesake_elsewhere",
    "shared_mailbox",
    "recycled_phone",
)
#: order of bits in the masks of kinds
KINDS: tuple[str, ...] = (*WRITING, "former_mail", "work_mail", "second_record_in_system", *OF_PERSONS)
BIT = {kind: 1 << place for place, kind in enumerate(KINDS)}
assert len(KINDS) < 63
