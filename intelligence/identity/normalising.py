"""Names, phone numbers, keys and birth dates in one form each: pure functions from text to text or nothing.

What a warehouse can say in SQL (lower case, trimming) stays there; this is what needs a library. `over_columns` turns each of them
into a function over Arrow columns that works out a value once, however many rows hold it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
import pyarrow as pa
from anyascii import anyascii
from nameparser import HumanName
from nameparser.config import CONSTANTS
from phonenumbers import PhoneMetadata, PhoneNumberFormat

#: values kept per function before it starts afresh
CACHE_SIZE = 2_000_000

_NOT_IN_KEYS = re.compile("[^a-z0-9]+")
_NOT_LETTERS = re.compile("[^a-z]+")
_DIGITS = re.compile("[0-9]+")
_NOT_DIGITS = re.compile("[^0-9]+")
#: What a spreadsheet makes of a number: 2125550147.0, 2.125550147E+09.
_DECIMAL = re.compile(r"\s*(\+?[0-9]{6,})\.0+\s*")
_SCIENTIFIC = re.compile(r"\s*([0-9])(?:[.,]([0-9]*))?e\+?([0-9]{1,3})\s*", re.IGNORECASE)
_PLUS_FIRST = re.compile(r"[^0-9]*\+")


def text_key(text: str | None) -> str | None:
    """Lower-case ASCII letters and digits of a text: 'Café Zoë 2' and 'CAFE ZOE-2' have the same."""
    if not text:
        return None
    ascii_text = text if text.isascii() else anyascii(unicodedata.normalize("NFC", text))
    return _NOT_IN_KEYS.sub("", ascii_text.lower()) or None


def name_key(text: str | None) -> str | None:
    """Lower-case ASCII letters of a name."""
    return _NOT_LETTERS.sub("", text_key(text) or "") or None


# ---------------------------------------------------------------------------------------------------------------- phone numbers


def phone_key(text: str | None, region: str | None) -> str | None:
    """A phone number in E.164; nothing if it is none or all its digits are the same.

    Numbers written without a country code are of `region` (ISO-2). Where that is not known, the digits alone stand for the number.
    """
    if not text:
        return None
    text = _plain_digits(text)
    if match := _DECIMAL.fullmatch(text):
        text = match[1]
    elif match := _SCIENTIFIC.fullmatch(text):
        text = match[1] + (match[2] or "")
        if len(text) != int(match[3]) + 1:  # the last digits are lost
            return None
    digits = _NOT_DIGITS.sub("", text)
    if not 6 <= len(digits) <= 20 or len(set(digits[-7:])) == 1:
        return None
    plain = re.fullmatch(r"\+?[0-9 ()/.\-]+", text) is not None and "(0)" not in text
    known_region = region.upper() if region and region.upper() in phonenumbers.SUPPORTED_REGIONS else None
    # Also behind words that are no part of the number: tel:+1-212-555-0147, (+49) 30 1234567.
    international = _PLUS_FIRST.match(text) is not None
    if not international and digits.startswith("00") and known_region not in ("US", "CA"):
        international, text = True, "+" + digits[2:]
        digits = digits[2:]
    if plain and not international and known_region:
        quick = _quick_national(digits, known_region)
        if quick:
            return quick
    if not international and not known_region:
        return digits if 7 <= len(digits) <= 15 else None
    try:
        parsed = phonenumbers.parse(text, known_region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def _plain_digits(text: str) -> str:
    """The text with digits of any script, or of full width, as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=512)
def _numbering(region: str) -> tuple[str, str, re.Pattern[str]] | None:
    """Country code, prefix of national calls and form of numbers, where a region has no rules beyond these."""
    metadata: Any = PhoneMetadata.metadata_for_region(region)
    prefix = metadata.national_prefix_for_parsing or ""
    if (prefix and not _DIGITS.fullmatch(prefix)) or metadata.national_prefix_transform_rule:
        return None
    return str(metadata.country_code), prefix, re.compile(metadata.general_desc.national_number_pattern)


def _quick_national(digits: str, region: str) -> str | None:
    """What phonenumbers would make of a plainly written national number, in a twentieth of the time; nothing if it is not that plain."""
    numbering = _numbering(region)
    if not numbering:
        return None
    country_code, prefix, form = numbering
    national = digits[len(prefix) :] if prefix and digits.startswith(prefix) else digits
    if prefix and not digits.startswith(prefix) and digits.startswith(country_code) and len(digits) > 10:
        return None
    return f"+{country_code}{national}" if form.fullmatch(national) else None


# ------------------------------------------------------------------------------------------------------------------------ names

_SPECIAL_WORDS = frozenset(
    word.lower()
    for words in (
        CONSTANTS.titles,
        CONSTANTS.first_name_titles,
        CONSTANTS.prefixes,
        CONSTANTS.suffix_acronyms,
        CONSTANTS.suffix_not_acronyms,
        CONSTANTS.conjunctions,
    )
    for word in words
)


#: What stands behind names and says which of a family is meant. What these words mean stands in the seed name_suffixes.
_GENERATIONS = frozenset("jr jnr junior sr snr senior ii iii iv".split())


def name_part(full_name: str | None, part: str | None) -> str | None:
    """The given, middle or family name in a full name, also in the order 'Family, Given'.

    Of any name: what stands behind it (part `suffix`: Jr., III), and the name without (`unsuffixed`).
    """
    if part in ("suffix", "unsuffixed"):
        unsuffixed, suffix = _without_suffix(full_name or "")
        return (suffix if part == "suffix" else unsuffixed) or None
    given, middle, family = _parsed(full_name or "")
    return {"given": given, "middle": middle, "family": family}.get(part or "") or None


@lru_cache(maxsize=10_000)
def _parsed(full_name: str) -> tuple[str, str, str]:
    words = full_name.split()
    plain = all(word.isalpha() and len(word) > 1 and word.lower() not in _SPECIAL_WORDS for word in words)
    if plain and 2 <= len(words) <= 4:
        return words[0], " ".join(words[1:-1]), words[-1]
    if len(words) < 2 and "," not in full_name:
        return "", "", full_name.strip()
    name = HumanName(full_name)
    return str(name.first), str(name.middle), str(name.last)


def _without_suffix(name: str) -> tuple[str, str]:
    sides = [side.split() for side in name.split(",")]
    for place, words in enumerate(sides):
        if len(words) > (0 if place else 1) and words[-1].strip(".").lower() in _GENERATIONS:
            suffix = words.pop()
            return ", ".join(" ".join(side) for side in sides if side), suffix
    return name, ""


# -------------------------------------------------------------------------------------------------------------------- addresses

_HOUSE_FIRST = re.compile(r"\s*([0-9]+ ?[a-z]?)[ ,]+(.*)", re.IGNORECASE | re.DOTALL)
_HOUSE_LAST = re.compile(r"(.*?)[ ,]+([0-9]+ ?[a-z]?)\s*", re.IGNORECASE | re.DOTALL)


def house_key(street_address: str | None) -> str | None:
    """The house number that stands before or behind the street: 12a of '12 A, High Street' and of 'Hauptstr. 12a'."""
    return text_key(_street_and_house(street_address)[1])


def street_key(street_address: str | None) -> str | None:
    """The street without its house number, as a key."""
    return text_key(_street_and_house(street_address)[0])


def _street_and_house(street_address: str | None) -> tuple[str | None, str | None]:
    if street_address and (match := _HOUSE_FIRST.fullmatch(street_address)) and text_key(match[2]):
        return match[2], match[1]
    if street_address and (match := _HOUSE_LAST.fullmatch(street_address)) and text_key(match[1]):
        return match[1], match[2]
    return street_address, None


# ------------------------------------------------------------------------------------------------------------------ birth dates

#: countries that write the month first
MONTH_FIRST = frozenset(["US", "PH", "FM", "MH", "PW", "GU", "PR", "VI", "AS", "MP", "UM"])
_MONTHS = {name: place for place, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ]+)([0-9]{1,2})[-/. ]+([0-9]{4})")
_DAY_MONTH = re.compile(r"([0-9]{1,2})[. -]*([a-z]{3})[a-z]*[., -]*([0-9]{4})")
_MONTH_DAY = re.compile(r"([a-z]{3})[a-z]*[. ]*([0-9]{1,2})[a-z]{0,2}[., ]+([0-9]{4})")
_TIME_OF_DAY = re.compile(r"[t ]+[0-9]{1,2}:[0-9]{2}.*$|\.0$")


def birth_digits(text: str | None, country: str | None) -> str | None:
    """A birth date as eight digits, year first, as it was typed: it need not be a date that exists. Years of two digits are refused."""
    if not text:
        return None
    plain = _TIME_OF_DAY.sub("", _plain_digits(text).strip().lower())
    if re.fullmatch("[0-9]{8}", plain):
        turned = plain[4:] + plain[2:4] + plain[:2]
        return turned if not _is_birth_date(plain) and _is_birth_date(turned) else plain
    if match := _YEAR_FIRST.fullmatch(plain):
        return _digits(match[1], match[2], match[3])
    if match := _YEAR_LAST.fullmatch(plain):
        first, separator, second = match[1], match[2], match[3]
        month_first = int(second) > 12 or (
            int(first) <= 12 and "." not in separator and (country or "").upper() in MONTH_FIRST
        )
        return _digits(match[4], first, second) if month_first else _digits(match[4], second, first)
    if (match := _DAY_MONTH.fullmatch(plain)) and match[2] in _MONTHS:
        return _digits(match[3], _MONTHS[match[2]], match[1])
    if (match := _MONTH_DAY.fullmatch(plain)) and match[1] in _MONTHS:
        return _digits(match[3], _MONTHS[match[1]], match[2])
    return None


def _digits(year: int | str, month: int | str, day: int | str) -> str:
    return f"{int(year):04d}{int(month):02d}{int(day):02d}"


def _is_birth_date(digits: str) -> bool:
    try:
        return 1850 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False


# ---------------------------------------------------------------------------------------------------------------------- columns

#: the functions that SQL may call
OF_ONE_TEXT: dict[str, Callable[[str | None], str | None]] = {
    "text_key": text_key,
    "name_key": name_key,
    "house_key": house_key,
    "street_key": street_key,
}
OF_TWO_TEXTS: dict[str, Callable[[str | None, str | None], str | None]] = {
    "name_part": name_part,
    "phone_key": phone_key,
    "birth_digits": birth_digits,
}


def over_one_column(function: Callable[[str | None], str | None]) -> Callable[[Any], Any]:
    """The function over an Arrow column of text. Every different value is worked out once and remembered."""
    known: dict[Any, str | None] = {}

    def over(texts: Any) -> Any:
        return _worked_out(function, known, [(text,) for text in texts.to_pylist()])

    return over


def over_two_columns(function: Callable[[str | None, str | None], str | None]) -> Callable[[Any, Any], Any]:
    """The function over two Arrow columns of text, remembering like `over_one_column`."""
    known: dict[Any, str | None] = {}

    def over(texts: Any, others: Any) -> Any:
        return _worked_out(function, known, list(zip(texts.to_pylist(), others.to_pylist(), strict=True)))

    return over


def _worked_out(function: Callable[..., str | None], known: dict[Any, str | None], rows: list[Any]) -> Any:
    if len(known) > CACHE_SIZE:
        known.clear()
    for row in set(rows).difference(known):
        known[row] = function(*row)
    return pa.array([known[row] for row in rows], pa.string())


def register(connection: Any) -> None:
    """Make them SQL functions of a DuckDB connection."""
    for name, of_one in OF_ONE_TEXT.items():
        over: Any = over_one_column(of_one)
        connection.create_function(name, over, ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special")
    for name, of_two in OF_TWO_TEXTS.items():
        over = over_two_columns(of_two)
        connection.create_function(name, over, ["VARCHAR"] * 2, "VARCHAR", type="arrow", null_handling="special")
