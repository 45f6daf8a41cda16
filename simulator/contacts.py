"""How people are reached: mail addresses and telephone numbers, some of them shared or handed on. All under example domains."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from simulator.households import CHILD, FAMILY, Persons
from simulator.places import PLACES, Stream, skewed
from simulator.settings import Array
from simulator.trouble import LIFE

PROVIDERS = (
    "mail.example", "webmail.example", "post.example", "inbox.example", "freemail.example", "example.com", "example.org",
    "example.net", "fastmail.example", "briefkasten.example", "courrier.example", "correo.example",
)  # fmt: skip
_ROLES = ("info", "office", "sales", "kontakt", "contact", "admin")
_UMLAUTS = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "ı": "i", "đ": "d", "æ": "ae"})
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def plain_letters(text: str, german: bool = False) -> str:
    """The text without diacritics; with `german`, umlauts become two letters."""
    if text.isascii():
        return text
    text = text.translate(_GERMAN) if german else text
    parts = unicodedata.normalize("NFKD", text.translate(_UMLAUTS))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


@dataclass
class Contacts:
    """One array a field, one value a person; '' where there is none."""

    private_mail: Array
    former_mail: Array
    work_mail: Array
    company: Array
    job: Array
    mobile: Array  # international, digits only after the +
    former_mobile: Array
    landline: Array
    national_id: Array
    is_shared_mailbox: Array
    is_recycled_phone: Array


class _Mailboxes:
    """Hands out each address once."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def claim(self, local: str, domain: str) -> str:
        address = f"{local}@{domain}"
        count = self._given.get(address, 0)
        self._given[address] = count + 1
        return address if count == 0 else self.claim(f"{local}{count + 1}", domain)


def _locals(given: Array, family: Array, year: Array, form: Array, number: Array) -> list[str]:
    cache: dict[str, str] = {}

    def slug(text: str) -> str:
        if text not in cache:
            folded = plain_letters(text, german=True).lower()
            cache[text] = "".join(letter for letter in folded if letter.isalnum()) or "x"
        return cache[text]

    result = []
    for first, last, born, how, luck in zip(given, family, year.tolist(), form.tolist(), number.tolist(), strict=True):
        one, two = slug(first), slug(last)
        result.append(
            f"{one}.{two}" if how == 0
            else f"{one[0]}{two}" if how == 1
            else f"{one}{born % 100:02d}" if how == 2
            else f"{two}.{one}" if how == 3
            else f"{one}_{two}{luck % 100}" if how == 4
            else f"{one}{two}" if how == 5
            else f"{('sunny', 'blue', 'the', 'mr', 'star', 'lucky')[luck % 6]}{one[:4]}{luck % 1000}"
        )  # fmt: skip
    return result


def draw_contacts(stream: Stream, persons: Persons, companies: list[tuple[str, str]]) -> Contacts:
    """Mail and telephone of all persons; `companies` are names and domains of those who employ them."""
    total = len(persons)
    year = (persons.birth_day / 365.25 + 1970).astype("int64")
    boxes = _Mailboxes()

    def mails(purpose: str, family: Array) -> Array:
        form = stream(f"{purpose} form").choice(7, total, p=(0.3, 0.14, 0.12, 0.08, 0.12, 0.14, 0.1))
        names = _locals(persons.given, family, year, form, stream(f"{purpose} number").integers(0, 10_000, total))
        domain = np.array(PROVIDERS, dtype=object)[skewed(stream(f"{purpose} provider"), len(PROVIDERS), total, 0.9)]
        return np.array([boxes.claim(*pair) for pair in zip(names, domain, strict=True)], dtype=object)

    private = mails("mail", persons.former_family)
    former = np.where(stream("has former mail").random(total) < 0.3, mails("former mail", persons.former_family), "")
    is_shared = _share_mailboxes(stream, persons, private)
    employed = (persons.age > 20) & (persons.age < 67) & (stream("employed").random(total) < 0.6)
    at = skewed(stream("company"), len(companies), total, 0.5)
    names = np.array([name for name, _ in companies], dtype=object)
    domains = np.array([domain for _, domain in companies], dtype=object)
    local = _locals(persons.given, persons.family, year, np.zeros(total, dtype="int64"), year)
    work = np.array(
        [boxes.claim(*pair) if works else "" for works, *pair in zip(employed, local, domains[at], strict=True)],
        dtype=object,
    )
    role = employed & (stream("role mailbox").random(total) < LIFE["role_mailbox"][0])
    words = np.array(_ROLES, dtype=object)[stream("role word").integers(0, len(_ROLES), total)]
    work[role] = words[role] + "@" + domains[at][role]
    jobs = np.array(
        "Accountant,Buyer,Driver,Engineer,Nurse,Teacher,Consultant,Manager,Analyst,Assistant,Technician,Director".split(","),
        dtype=object,
    )  # fmt: skip
    mobile = _numbers(stream, "mobile", persons.place)
    recycled = stream("recycled").random(total) < LIFE["recycled_phone"][0]
    source = stream("recycled from").integers(0, total, total)
    mobile = np.where(recycled, mobile[source], mobile)
    recycled[source[recycled]] = True
    second = np.flatnonzero(persons.is_twin[1:] & persons.is_twin[:-1] & (persons.household[1:] == persons.household[:-1])) + 1  # fmt: skip
    one_phone = second[stream("twins with one phone").random(len(second)) < LIFE["twins_share_contacts"][0]]
    mobile[one_phone] = mobile[one_phone - 1]
    one_mail = second[stream("twins with one mail").random(len(second)) < LIFE["twins_share_contacts"][0]]
    private[one_mail] = private[one_mail - 1]
    is_shared[one_mail] = is_shared[one_mail - 1] = True
    households = int(persons.household.max()) + 1 if total else 0
    first = np.unique(persons.household, return_index=True)[1]
    line = _numbers(stream, "landline", persons.place[first])
    line = np.where(stream("has landline").random(households) < LIFE["landline"][0], line, "")
    return Contacts(
        private_mail=private,
        former_mail=former.astype(object),
        work_mail=work,
        company=np.where(employed, names[at], "").astype(object),
        job=np.where(employed, jobs[stream("job").integers(0, len(jobs), total)], "").astype(object),
        mobile=mobile.astype(object),
        former_mobile=np.where(
            stream("had other mobile").random(total) < 0.15, _numbers(stream, "former mobile", persons.place, 1), ""
        ).astype(object),
        landline=line[persons.household].astype(object),
        national_id=_national_ids(stream, persons),
        is_shared_mailbox=is_shared | role,
        is_recycled_phone=recycled,
    )


def _share_mailboxes(stream: Stream, persons: Persons, private: Array) -> Array:
    """Couples, families and children who read the same mail; changes `private`."""
    households = int(persons.household.max()) + 1 if len(persons) else 0
    size = np.bincount(persons.household, minlength=households)
    couple = stream("couple mailbox").random(households) < LIFE["couple_mailbox"][0]
    family = (stream("family mailbox").random(households) < LIFE["family_mailbox"][0]) & (size >= 3)
    head = np.unique(persons.household, return_index=True)[1][persons.household]
    own = np.arange(len(persons))
    is_shared = couple[persons.household] & persons.is_couple & (persons.form <= FAMILY)
    all_one = family[persons.household] & (persons.form == FAMILY)
    young = (persons.member == CHILD) & (persons.age < 16)
    reads_other = (is_shared | all_one | young) & (head != own)
    words = np.array(["family.", "familie.", "the", "", "home."], dtype=object)[
        stream("family word").integers(0, 5, households)
    ]
    for at in np.flatnonzero(all_one & (head == own)).tolist():
        name = "".join(c for c in plain_letters(persons.former_family[at], True).lower() if c.isalnum())
        place = int(persons.birth_day[at]) % 97
        private[at] = f"{words[persons.household[at]]}{name}{place}@{private[at].split('@')[1]}"
    private[reads_other] = private[head[reads_other]]
    result = is_shared | all_one | reads_other
    result[head[reads_other]] = True
    return result


def _numbers(stream: Stream, kind: str, place: Array, turn: int = 0) -> Array:
    """Telephone numbers (+ and digits), each once while the country's ranges last."""
    result = np.full(len(place), "", dtype=object)
    for index, land in enumerate(PLACES):
        at = np.flatnonzero(place == index)
        if not len(at):
            continue
        rng = stream(f"numbers {kind} {land.code}")
        ranges = land.landline if kind == "landline" else land.mobile
        sizes = np.array([10**digits for _, digits in ranges])
        total = int(sizes.sum())
        step = 7_368_787 if total % 7_368_787 else 7_368_791
        while np.gcd(step, total) != 1:
            step += 2
        place_in = (int(rng.integers(0, total)) + (np.arange(len(at)) + turn * (total // 2)) * step) % total
        starts = np.cumsum(sizes) - sizes
        which = np.searchsorted(starts, place_in, side="right") - 1
        rest = (place_in - starts[which]).astype("U8")
        heads = np.array([f"+{land.prefix}{head}" for head, _ in ranges])
        width = np.array([digits for _, digits in ranges])[which]
        tail = np.array([text.zfill(size) for text, size in zip(rest.tolist(), width.tolist(), strict=True)])
        result[at] = np.char.add(heads[which], tail).astype(object)
    return result


def _national_ids(stream: Stream, persons: Persons) -> Array:
    """An invented number of the citizen: nine or ten digits, letters in some countries, each person another one."""
    total = len(persons)
    rng = stream("national ids")
    number = (int(rng.integers(0, 10**9)) + np.arange(total) * 611_953_141) % 10**9
    land = np.array([item.code for item in PLACES])[persons.place].tolist()
    letters = "ABCEGHJKLMNPRSTWXYZ"
    result = [
        f"9{text[:2]}-{text[2:4]}-{text[4:8]}" if code == "US"  # 9xx: not given to anybody
        else f"QQ{text[:6]}{'ABCD'[int(text[8]) % 4]}{text[6:]}" if code == "GB"
        else f"{text[:8]}{text[8]}{letters[int(text[:4]) % 19]}" if code == "ES"
        else f"{text[:6]}-{text[5:9]}" if code == "SE"
        else f"{letters[int(text[0])]}{text}"
        for text, code in zip(np.char.zfill(number.astype("U9"), 9).tolist(), land, strict=True)
    ]  # fmt: skip
    return np.array(result, dtype=object)
