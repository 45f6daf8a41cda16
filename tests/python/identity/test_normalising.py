"""Names, phone numbers, keys and birth dates: what must become one form, and what must become nothing."""

from __future__ import annotations

import random

import duckdb
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.identity.normalising import (
    birth_digits,
    house_key,
    name_key,
    name_part,
    phone_key,
    register,
    street_key,
    text_key,
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Café Zoë 2", "cafezoe2"),
        ("CAFE ZOE-2", "cafezoe2"),
        ("Cafe\u0301", "cafe"),
        ("Straße", "strasse"),
        ("Иванов", "ivanov"),
        ("  --  ", None),
        ("", None),
        (None, None),
    ],
)
def test_a_key_is_ascii(text: str | None, key: str | None) -> None:
    assert text_key(text) == key


def test_a_name_has_no_digits() -> None:
    assert name_key("O'Brien-Smith 2") == "obriensmith"
    assert name_key("42") is None


@given(st.text(max_size=40))
def test_a_key_of_a_key_is_itself(text: str) -> None:
    key = text_key(text)
    assert key is None or (key.isascii() and key.isalnum() and key == key.lower() and text_key(key) == key)


@pytest.mark.parametrize(
    ("text", "region", "key"),
    [
        ("+49 (0)170 123 4567", None, "+491701234567"),
        ("(555) 123-4567", "US", "+15551234567"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("020 7946 0958", "gb", "+442079460958"),
        ("+61 2 9374 4000", "nowhere", "+61293744000"),
        ("030/1234567", None, "0301234567"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("٠٣٠١٢٣٤٥٦٧", "DE", "+49301234567"),
        ("000-000-0000", "US", None),
        ("+1 000-000-0000", None, None),
        ("tel:+1-212-555-0147", None, "+12125550147"),
        ("tel:+1-212-555-0147", "DE", "+12125550147"),
        ("(+49) 30 1234567", None, "+49301234567"),
        ("2125550147.0", "US", "+12125550147"),
        ("2125550147.0", None, "2125550147"),
        ("+12125550147.00", None, "+12125550147"),
        ("2.125550147E9", "US", "+12125550147"),
        ("2.12555E+09", "US", None),
        ("2.12555E+09", None, None),
        ("+999 1234567", None, None),
        ("030\u200b1234567", "DE", "+49301234567"),
        ("12345", None, None),
        ("n/a", "US", None),
        ("", "US", None),
        (None, None, None),
    ],
)
def test_phone_numbers(text: str | None, region: str | None, key: str | None) -> None:
    assert phone_key(text, region) == key


def test_the_quick_way_is_the_librarys() -> None:
    chance = random.Random(1)
    for _ in range(4_000):
        region = chance.choice(
            ["US", "CA", "GB", "DE", "FR", "AU", "IT", "ES", "BR", "NL", "IN", "MX", "PL", "AR", "HU"]
        )
        digits = "".join(chance.choice("0123456789") for _ in range(chance.choice([8, 9, 10, 10, 11, 12])))
        digits = chance.choice(["", "0", "1"]) + digits
        if digits.startswith("00"):
            continue
        try:
            parsed = phonenumbers.parse(digits, region)
            expected = (
                phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
                if phonenumbers.is_possible_number(parsed)
                else None
            )
        except phonenumbers.NumberParseException:
            expected = None
        assert phone_key(digits, region) == expected, (digits, region)


@pytest.mark.parametrize(
    ("full_name", "parts"),
    [
        ("John Smith", ("John", None, "Smith")),
        ("Smith, John", ("John", None, "Smith")),
        ("van Gogh, Vincent", ("Vincent", None, "van Gogh")),
        ("Dr. Juan de la Vega III", ("Juan", None, "de la Vega")),
        ("Ana María López", ("Ana", "María", "López")),
        ("Madonna", (None, None, "Madonna")),
        (" ", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_parts_of_a_name(full_name: str | None, parts: tuple[str | None, ...]) -> None:
    assert tuple(name_part(full_name, part) for part in ("given", "middle", "family")) == parts


@pytest.mark.parametrize(
    ("name", "unsuffixed", "suffix"),
    [
        ("Smith Jr.", "Smith", "Jr."),
        ("SMITH III", "SMITH", "III"),
        ("Smith Jr, John", "Smith, John", "Jr"),
        ("John Smith, Sr.", "John Smith", "Sr."),
        ("Smith", "Smith", None),
        ("Junior", "Junior", None),
        ("van der Berg", "van der Berg", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_what_stands_behind_a_name(name: str | None, unsuffixed: str | None, suffix: str | None) -> None:
    assert (name_part(name, "unsuffixed"), name_part(name, "suffix")) == (unsuffixed, suffix)


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("1980-03-04", None, "19800304"),
        ("1980-03-04 00:00:00", None, "19800304"),
        ("1980-03-04T10:00:00Z", None, "19800304"),
        ("19800304", None, "19800304"),
        ("04.03.1980", "US", "19800304"),
        ("03/04/1980", "US", "19800304"),
        ("03/04/1980", "GB", "19800403"),
        ("13/04/1980", "US", "19800413"),
        ("04/13/1980", "GB", "19800413"),
        ("12 Mar 1980", None, "19800312"),
        ("March 12, 1980", None, "19800312"),
        ("20011980", None, "19800120"),
        ("19601356", None, "19601356"),
        ("1960-13-56", None, "19601356"),
        ("4/3/80", "US", None),
        ("80-03-04", None, None),
        ("unknown", None, None),
        (None, None, None),
    ],
)
def test_birth_dates(text: str | None, country: str | None, digits: str | None) -> None:
    assert birth_digits(text, country) == digits


@pytest.mark.parametrize(
    ("street_address", "street", "house"),
    [
        ("Mill Road 12", "millroad", "12"),
        ("12 Mill Road", "millroad", "12"),
        ("12, Mill Road", "millroad", "12"),
        ("Mill Road 12 a", "millroad", "12a"),
        ("Straße des 17. Juni 135", "strassedes17juni", "135"),
        ("Mill Road", "millroad", None),
        ("12", "12", None),
        (" ", None, None),
        (None, None, None),
    ],
)
def test_one_address_in_several_notations(street_address: str | None, street: str | None, house: str | None) -> None:
    assert (street_key(street_address), house_key(street_address)) == (street, house)


@given(st.text(max_size=30), st.sampled_from([None, "US", "DE", "", "zz"]))
def test_nothing_typed_makes_them_fail(text: str, country: str | None) -> None:
    assert (digits := birth_digits(text, country)) is None or (len(digits) == 8 and digits.isdigit())
    assert (phone := phone_key(text, country)) is None or phone.lstrip("+").isdigit()
    for part in ("given", "middle", "family", "suffix", "unsuffixed"):
        name_part(text, part)


def test_sql_calls_them_by_column() -> None:
    with duckdb.connect() as con:
        register(con)
        rows = con.execute(
            "select text_key(a), phone_key(a, b), name_part(c, 'given') "
            "from (values ('030 1234567', 'DE', null), (null, 'DE', ''), ('Berg', null, 'Anna Berg')) as t(a, b, c)"
        ).fetchall()
    assert rows == [("0301234567", "+49301234567", None), (None, None, None), ("berg", None, "Anna")]
