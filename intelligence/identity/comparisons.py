"""What is compared between two records of people, in which levels, and which pairs are looked at at all.

One configuration for every data set. A level's `m` (share of true pairs in it) and `u` (share of chance pairs in it) are where training
starts and what stays where the data show nothing; the rest is learnt (see `training.py`). Columns are those of silver.source_records.

Levels follow Splink's settings (https://moj-analytical-services.github.io/splink/); the model is Fellegi and Sunter (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GIVEN, MIDDLE, FAMILY, BIRTH = "given_name_key", "middle_name_key", "family_name_key", "birth_digits"
SUFFIX, GENDER = "name_suffix_key", "gender_key"
EMAIL, NATIONAL_ID = "email_key", "national_id_key"
#: Lists: the forms a given name may have; the family names the record had before; every mail address, telephone number (its last nine digits) and
#: other identifier of the record, former ones too.
FORMS, FORMER = "given_name_forms", "former_family_names"
EMAILS, PHONES, IDENTIFIERS = "emails", "phones", "identifiers"
HOUSE, STREET, LINE_2, CITY, POSTCODE = (
    "house_number_key",
    "street_key",
    "address_line_2_key",
    "city_key",
    "postcode_key",
)
COLUMNS = (
    GIVEN, MIDDLE, FAMILY, SUFFIX, GENDER, BIRTH, EMAIL, NATIONAL_ID, HOUSE, STREET, LINE_2, CITY, POSTCODE, FORMS, FORMER, EMAILS, PHONES,
    IDENTIFIERS,
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level of a comparison: how a pair falls into it (SQL), what to call it, where its weights start."""

    words: str
    sql: str
    m: float
    u: float
    frequency_of: str | None = None

    def as_splink(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "sql_condition": self.sql,
            "label_for_charts": self.words,
            "m_probability": self.m,
            "u_probability": self.u,
        }
        if self.frequency_of:
            settings["tf_adjustment_column"] = self.frequency_of
        return settings


@dataclass(frozen=True)
class Comparison:
    """One thing that is compared; the first level that holds counts, and none if `unknown` holds."""

    name: str
    unknown: str
    levels: tuple[Level, ...]

    def as_splink(self) -> dict[str, Any]:
        unknown = {"sql_condition": self.unknown, "label_for_charts": "unknown", "is_null_level": True}
        return {
            "output_column_name": self.name,
            "comparison_levels": [unknown, *(it.as_splink() for it in self.levels)],
        }

    def gamma_sql(self) -> str:
        """SQL for the number of the level that a pair falls into: 0 for the last, -1 for unknown."""
        last = len(self.levels) - 1
        cases = " ".join(f"when {level.sql} then {last - place}" for place, level in enumerate(self.levels[:-1]))
        return f"cast(case when {self.unknown} then -1 {cases} else 0 end as tinyint)"

    def frequency_gammas(self) -> dict[str, list[int]]:
        """The columns whose rare values weigh more, each with the numbers of the levels in which both records have the same value of it."""
        last = len(self.levels) - 1
        found: dict[str, list[int]] = {}
        for place, level in enumerate(self.levels):
            if level.frequency_of:
                found.setdefault(level.frequency_of, []).append(last - place)
        return found

    def gamma_of_same(self, column: str) -> int:
        """The number of the level that asks for the same value of a column and nothing else, whose `u` is the usual frequency of a value."""
        last = len(self.levels) - 1
        return next(last - place for place, level in enumerate(self.levels) if level.sql == _equal(column))

    def level(self, gamma: int) -> Level:
        """The level with Splink's number for it: the last has 0."""
        return self.levels[len(self.levels) - 1 - gamma]


def _either_missing(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


def _equal(left: str, right: str | None = None) -> str:
    return f"{left}_l = {right or left}_r"


def _alike(left: str, similarity: float, right: str | None = None) -> str:
    return f"jaro_winkler_similarity({left}_l, {right or left}_r) >= {similarity}"


def _typos(column: str, most: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {most}"


def _initial(left: str, right: str) -> str:
    return f"((length({left}_l) = 1 or length({right}_r) = 1) and left({left}_l, 1) = left({right}_r, 1))"


def _one_in_common(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


def _one_holds_the_other(column: str, shortest: int) -> str:
    return (
        f"(length({column}_l) >= {shortest} and contains({column}_r, {column}_l)"
        f" or length({column}_r) >= {shortest} and contains({column}_l, {column}_r))"
    )


def _short_slip(column: str) -> str:
    """One slip in a name of three or four letters, which Jaro and Winkler take for another."""
    return f"(greatest(length({column}_l), length({column}_r)) between 3 and 4 and {_typos(column, 1)})"


def _in_another_order(one: str, other: str) -> str:
    """The given name of one is the family name of the other, whose given name is the one's family or middle name: "Lopez Maria A" for Maria Lopez."""
    return (
        f"jaro_winkler_similarity({GIVEN}_{one}, {FAMILY}_{other}) >= 0.9"
        f" and (jaro_winkler_similarity({FAMILY}_{one}, {GIVEN}_{other}) >= 0.85 or {MIDDLE}_{one} = {GIVEN}_{other}"
        f" or (length({FAMILY}_{one}) = 1 or length({GIVEN}_{other}) = 1) and left({FAMILY}_{one}, 1) = left({GIVEN}_{other}, 1))"
    )


#: Swapped names agree at least in the beginning of one of them: what costs more is worked out only then.
_SWAPPED = (
    f"(left({GIVEN}_l, 2) = left({FAMILY}_r, 2) or left({FAMILY}_l, 2) = left({GIVEN}_r, 2))"
    f" and ({_in_another_order('l', 'r')} or {_in_another_order('r', 'l')})"
)
_MIDDLE_FOR_GIVEN = f"({GIVEN}_l = {MIDDLE}_r or {MIDDLE}_l = {GIVEN}_r)"
_FORMER_FAMILY = (
    f"(list_contains({FORMER}_l, {FAMILY}_r) or list_contains({FORMER}_r, {FAMILY}_l) or {_one_in_common(FORMER)})"
)
_SAME_BEFORE_AT = f"split_part({EMAIL}_l, '@', 1) = split_part({EMAIL}_r, '@', 1)"
_LIKE_MAILBOX = f"({_SAME_BEFORE_AT} or left({EMAIL}_l, 3) = left({EMAIL}_r, 3) and {_typos(EMAIL, 2)})"
_DAY_AND_MONTH_SWAPPED = (
    f"(left({BIRTH}_l, 4) = left({BIRTH}_r, 4) and substr({BIRTH}_l, 5, 2) = substr({BIRTH}_r, 7, 2)"
    f" and substr({BIRTH}_l, 7, 2) = substr({BIRTH}_r, 5, 2))"
)
_SAME_YEAR_REST_UNKNOWN = (
    f"(length({BIRTH}_l) < 8 or length({BIRTH}_r) < 8) and left({BIRTH}_l, 4) = left({BIRTH}_r, 4)"
)
#: The first of January stands for an unknown day.
_SAME_YEAR_DAY_UNKNOWN = (
    f"left({BIRTH}_l, 4) = left({BIRTH}_r, 4) and (right({BIRTH}_l, 4) = '0101' or right({BIRTH}_r, 4) = '0101')"
)
_STREET_ALIKE = f"({_alike(STREET, 0.9)} or {_one_holds_the_other(STREET, 6)})"
_LINES_CROSSED = f"{_alike(STREET, 0.9, LINE_2)} or {_alike(LINE_2, 0.9, STREET)}"

COMPARISONS = (
    Comparison("given_name", _either_missing(GIVEN), (
        Level("same given name", _equal(GIVEN), 0.8, 5e-3, GIVEN),
        Level("given and family name swapped", _SWAPPED, 0.01, 2e-5),
        Level("initial fits", _initial(GIVEN, GIVEN), 0.03, 5e-3),
        Level("short form of the given name", _one_in_common(FORMS), 0.03, 1e-3),
        Level("middle name for the given name", _MIDDLE_FOR_GIVEN, 0.01, 5e-4),
        Level("given name nearly the same", _alike(GIVEN, 0.92), 0.06, 2e-3),
        Level("given name similar", f"{_alike(GIVEN, 0.8)} or {_one_holds_the_other(GIVEN, 3)} or {_short_slip(GIVEN)}", 0.04, 8e-3),
        Level("other given name", "ELSE", 0.06, 0.98),
    )),
    # Names in another order count once: above.
    Comparison("middle_name", f"{_either_missing(MIDDLE)} or {_MIDDLE_FOR_GIVEN} or ({_SWAPPED})", (
        Level("same middle name", f"{_equal(MIDDLE)} and length({MIDDLE}_l) > 1", 0.5, 1e-2),
        Level("initial of the middle name fits", f"({_equal(MIDDLE)} or {_initial(MIDDLE, MIDDLE)})", 0.38, 6e-2),
        Level("middle name similar", _alike(MIDDLE, 0.85), 0.04, 1e-2),
        Level("other middle name", "ELSE", 0.08, 0.92),
    )),
    Comparison("family_name", f"{_either_missing(FAMILY)} or ({_SWAPPED})", (
        Level("same family name", _equal(FAMILY), 0.8, 2e-3, FAMILY),
        Level("one family name holds the other", _one_holds_the_other(FAMILY, 4), 0.02, 5e-4),
        Level("former family name", _FORMER_FAMILY, 0.02, 1e-3),
        Level("family name nearly the same", _alike(FAMILY, 0.92), 0.06, 1e-3),
        Level("family name similar", f"{_alike(FAMILY, 0.8)} or {_short_slip(FAMILY)}", 0.03, 4e-3),
        Level("other family name", "ELSE", 0.08, 0.99),
    )),
    # Where one side has none, how often that happens to one person is learnt.
    Comparison("name_suffix", f"{SUFFIX}_l is null and {SUFFIX}_r is null", (
        Level("same name suffix", _equal(SUFFIX), 0.6, 0.05),
        Level("name suffix on one side only", _either_missing(SUFFIX), 0.38, 0.9),
        Level("other name suffix", "ELSE", 0.02, 0.05),
    )),
    Comparison("gender", _either_missing(GENDER), (
        Level("same gender", _equal(GENDER), 0.98, 0.5),
        Level("other gender", "ELSE", 0.02, 0.5),
    )),
    Comparison("birth_date", _either_missing(BIRTH), (
        Level("same year of birth, rest unknown", _SAME_YEAR_REST_UNKNOWN, 0.01, 2e-3),
        Level("same birth date", _equal(BIRTH), 0.88, 1e-4, BIRTH),
        Level("birth date with one slip", f"{_typos(BIRTH, 1)} or {_DAY_AND_MONTH_SWAPPED}", 0.05, 1.5e-3),
        Level("same year of birth, day doubtful", _SAME_YEAR_DAY_UNKNOWN, 0.005, 1e-4),
        Level("birth date with two slips", _typos(BIRTH, 2), 0.01, 1.5e-2),
        Level("other birth date", "ELSE", 0.05, 0.98),
    )),
    # Two like mailboxes of two like names say no more than the names: they are made of them.
    Comparison("email", f"{_either_missing(EMAILS)} or (not {_one_in_common(EMAILS)} and {_LIKE_MAILBOX})", (
        Level("an e-mail address in common", _one_in_common(EMAILS), 0.7, 5e-6),
        Level("no e-mail address in common", "ELSE", 0.3, 1.0),
    )),
    Comparison("phone", _either_missing(PHONES), (
        Level("a phone number in common", _one_in_common(PHONES), 0.7, 5e-6),
        Level("phone number with one slip", f"damerau_levenshtein({PHONES}_l[1], {PHONES}_r[1]) <= 1", 0.02, 2e-5),
        Level("no phone number in common", "ELSE", 0.28, 1.0),
    )),
    Comparison("identifier", _either_missing(IDENTIFIERS), (
        Level("another identifier in common", _one_in_common(IDENTIFIERS), 0.3, 5e-6),
        Level("no other identifier in common", "ELSE", 0.7, 1.0),
    )),
    Comparison("national_id", _either_missing(NATIONAL_ID), (
        Level("same national id", _equal(NATIONAL_ID), 0.88, 5e-6, NATIONAL_ID),
        Level("national id with a slip or two", _typos(NATIONAL_ID, 2), 0.06, 5e-4),
        Level("other national id", "ELSE", 0.06, 1.0),
    )),
    Comparison("street", _either_missing(STREET), (
        Level("same street and house", f"{_equal(STREET)} and {_equal(HOUSE)}", 0.55, 1e-5, STREET),
        Level("same street", _equal(STREET), 0.08, 2e-4, STREET),
        Level("similar street, same house", f"{_STREET_ALIKE} and {_equal(HOUSE)}", 0.1, 4e-5),
        Level("similar street", _STREET_ALIKE, 0.04, 2e-3),
        Level("address lines crossed", _LINES_CROSSED, 0.02, 2e-4),
        Level("other street", "ELSE", 0.21, 1.0),
    )),
    Comparison("place", f"({_either_missing(POSTCODE)}) and ({_either_missing(CITY)})", (
        Level("same postcode", _equal(POSTCODE), 0.7, 5e-4, POSTCODE),
        Level("same city, postcode with a slip or two", f"{_equal(CITY)} and {_typos(POSTCODE, 2)}", 0.06, 2e-3),
        Level("same city", _equal(CITY), 0.06, 1e-2, CITY),
        Level("city or postcode similar", f"{_alike(CITY, 0.88)} or {_typos(POSTCODE, 1)}", 0.03, 1e-2),
        Level("other place", "ELSE", 0.15, 0.98),
    )),
    Comparison("address_line_2", _either_missing(LINE_2), (
        Level("same second address line", _equal(LINE_2), 0.6, 1e-3, LINE_2),
        Level("similar second address line", _alike(LINE_2, 0.88), 0.15, 2e-3),
        Level("address lines crossed", f"{_LINES_CROSSED} or {_alike(LINE_2, 0.9, CITY)} or {_alike(CITY, 0.9, LINE_2)}", 0.05, 5e-4),
        Level("other second address line", "ELSE", 0.2, 1.0),
    )),
)  # fmt: skip


def falls_into(comparison: str, *words: str) -> str:
    """SQL, over Splink's gammas, that is true for a pair in one of the levels called so. Raises ValueError if the comparison has no such level."""
    levels = next(it for it in COMPARISONS if it.name == comparison).levels
    called = [level.words for level in levels]
    numbers = sorted(len(levels) - 1 - called.index(it) for it in words)
    return f"gamma_{comparison} in ({', '.join(map(str, numbers))})"


#: What two records may have alike, each true or false over Splink's gammas.
SAME_BIRTH_DATE = falls_into("birth_date", "same birth date")
SAME_EMAIL = falls_into("email", "an e-mail address in common")
SAME_PHONE = falls_into("phone", "a phone number in common")
SAME_IDENTIFIER = falls_into("identifier", "another identifier in common")
SAME_NATIONAL_ID = falls_into("national_id", "same national id")
SAME_HOUSE = falls_into("street", "same street and house", "similar street, same house")

_TWO_NAMES = f"least({GIVEN}, {FAMILY}) || ' ' || greatest({GIVEN}, {FAMILY})"
_TWO_BEGINNINGS = f"least(left({GIVEN}, 3), left({FAMILY}, 3)) || ' ' || greatest(left({GIVEN}, 3), left({FAMILY}, 3))"

#: Two records are compared if they agree on one of these (names in either order, so that swapped ones meet). A value that too many
#: records share is left out: see `candidates.py`.
BLOCKING_KEYS = {
    "national_id": NATIONAL_ID,
    "name_before_at": f"split_part({EMAIL}, '@', 1)",
    "names": _TWO_NAMES,
    "birth_given": f"{BIRTH} || left({GIVEN}, 2)",
    "birth_family": f"{BIRTH} || left({FAMILY}, 2)",
    "beginnings_day": f"{_TWO_BEGINNINGS} || right({BIRTH}, 4)",
    "beginnings_city": f"{_TWO_BEGINNINGS} || {CITY}",
    "beginnings_postcode": f"{_TWO_BEGINNINGS} || {POSTCODE}",
    "given_postcode": f"left({GIVEN}, 4) || {POSTCODE}",
    "family_postcode": f"left({FAMILY}, 4) || {POSTCODE}",
}
#: The same for lists: one value in common is enough.
BLOCKING_LISTS = {"email": EMAILS, "phone": PHONES, "identifier": IDENTIFIERS}
#: Of these it takes two, unless so few pairs come of one that all can be compared.
WEAK_KEYS = {
    "birth": BIRTH,
    "given_city": f"left({GIVEN}, 4) || {CITY}",
    "family_city": f"left({FAMILY}, 4) || {CITY}",
    "house": f"left({STREET}, 5) || ' ' || {HOUSE} || ' ' || left({POSTCODE}, 2)",
    "street_city": f"left({STREET}, 5) || {CITY}",
    "street": STREET,
}
