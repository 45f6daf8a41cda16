"""Where people live: countries with their streets, cities, postcodes, telephone ranges, and how an address is written there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from simulator.settings import Array

Stream = Callable[[str], np.random.Generator]


@dataclass(frozen=True)
class Place:
    """One country.

    Attributes:
        share: of the households.
        origins: where its families come from, with weights (keys of `name_lists.COMMON`).
        locale: mimesis locale of its streets and cities.
        streets: how a street is called, `{}` being the pool's word; several forms with equal chances.
        common_streets: names that every town has.
        number_first: whether the house number stands before the street.
        postcode: pattern; `9` is a digit, `A` a letter; the first half belongs to the city, the rest to the street.
        prefix: international dialling code. trunk: what stands before a national number.
        mobile, landline: (area or operator, digits that follow), as phone numbers there really begin.
    """

    code: str
    name: str
    language: str
    share: float
    origins: dict[str, float]
    locale: str
    streets: tuple[str, ...]
    common_streets: str
    number_first: bool
    postcode: str
    prefix: str
    trunk: str
    mobile: tuple[tuple[str, int], ...]
    landline: tuple[tuple[str, int], ...]


PLACES = (
    Place(
        "US", "United States", "en", 0.27, {"english": 60, "spanish": 16, "german": 4, "italian": 5,
         "indian": 4, "chinese": 4, "vietnamese": 3, "yoruba": 4},
        "EN", ("{} Street", "{} Avenue", "{} Drive", "{} Road", "{} Lane", "{} Court"),
        "Main Street,2nd Street,Park Avenue,Oak Street,Maple Avenue,Washington Street,Elm Street,Lake Drive,Church Street,Cedar Lane",
        True, "99999", "1", "", tuple((f"{code}555", 4) for code in (201, 202, 203, 206, 212, 213,
        214, 216, 224, 229, 303, 305, 307, 310, 312, 313, 314, 404, 407, 412, 414, 415, 503, 504, 512, 513,
        602, 612, 615, 617, 702, 703, 713, 718, 720, 801, 802, 804,
        808, 813, 816, 901, 904, 907, 919, 937, 940, 952)),
        tuple((f"{code}555", 4) for code in (205, 207, 208, 209, 210, 215, 217, 218, 219, 225,
        301, 302, 304, 308, 309, 315, 316, 317, 318, 319, 401, 402, 405, 406, 410)),
    ),
    Place(
        "GB", "United Kingdom", "en", 0.22, {"english": 76, "indian": 11, "yoruba": 4, "polish": 4, "arabic": 3, "chinese": 2},
        "EN_GB", ("{} Road", "{} Street", "{} Close", "{} Avenue", "{} Lane", "{} Gardens"),
        "High Street,Station Road,Church Lane,Victoria Road,Green Lane,Manor Road,Park Road,London Road,The Crescent,Mill Lane,Queens Road",
        True, "AA9 9AA", "44", "0", (("7457", 6), ("7400", 6), ("7520", 6)),
        (("207946", 4), ("113496", 4), ("114496", 4), ("118496", 4), ("117496", 4),
         ("121496", 4), ("131496", 4), ("141496", 4), ("151496", 4), ("161496", 4)),
    ),
    Place(
        "DE", "Germany", "de", 0.16, {"german": 80, "turkish": 8, "polish": 6, "arabic": 3, "italian": 3},
        "DE", ("{}",), "Hauptstraße,Schulstraße,Bahnhofstraße,Gartenstraße,Dorfstraße,Bergstraße,Lindenstraße,Kirchstraße,Ringstraße,Goethestraße",
        False, "99999", "49", "0", (("1511", 7), ("1609", 7), ("1752", 6)), (("3023125", 3), ("8999998", 3), ("4066969", 3),
         ("6990009", 3), ("22147", 5)),
    ),
    Place(
        "FR", "France", "fr", 0.1, {"french": 80, "arabic": 13, "italian": 4, "spanish": 3},
        "FR", ("Rue {}", "Avenue {}", "Boulevard {}", "Place {}", "Chemin {}"),
        "Rue de l'Église,Grande Rue,Rue du Moulin,Place de la Mairie,Rue des Écoles,Rue Victor Hugo,Rue de la Gare,Rue Pasteur,Avenue Jean Jaurès",
        True, "99999", "33", "0", (("61", 7), ("62", 7), ("66", 7), ("67", 7)), (("19900", 4), ("26191", 4), ("35301", 4),
         ("46571", 4), ("53649", 4)),
    ),
    Place(
        "ES", "Spain", "es", 0.08, {"spanish": 92, "arabic": 5, "chinese": 3},
        "ES", ("{}",),
        "Calle Mayor,Plaza de España,Calle Real,Avenida de la Constitución,Calle Nueva,Calle del Carmen,Paseo del Prado,Calle San José",
        False, "99999", "34", "", (("6", 8),), (("91", 7), ("93", 7), ("95", 7)),
    ),
    Place(
        "IT", "Italy", "it", 0.06, {"italian": 94, "arabic": 4, "chinese": 2},
        "IT", ("Via {}", "Viale {}", "Piazza {}", "Corso {}"), "Via Roma,Via Garibaldi,Corso Italia,Via Mazzini,Piazza Dante,Via Verdi,Via Cavour",
        False, "99999", "39", "", (("320", 7), ("333", 7), ("347", 7)), (("06", 8), ("02", 8)),
    ),
    Place(
        "NL", "Netherlands", "nl", 0.04, {"dutch": 86, "turkish": 7, "arabic": 7},
        "NL", ("{}",), "Kerkstraat,Dorpsstraat,Schoolstraat,Molenstraat,Beatrixstraat,Wilhelminastraat,Nieuwstraat,Stationsweg",
        False, "9999 AA", "31", "0", (("61", 7), ("62", 7), ("64", 7)), (("20", 7), ("10", 7), ("30", 7)),
    ),
    Place(
        "SE", "Sweden", "sv", 0.03, {"swedish": 88, "arabic": 9, "polish": 3},
        "SV", ("{}",), "Storgatan,Skolgatan,Kyrkogatan,Drottninggatan,Kungsgatan,Ringvägen,Skogsvägen,Järnvägsgatan",
        False, "999 99", "46", "0", (("70", 7), ("73", 7)), (("8465", 4), ("31740", 4), ("40628", 4)),
    ),
    Place(
        "PL", "Poland", "pl", 0.03, {"polish": 97, "vietnamese": 3},
        "PL", ("ul. {}", "ul. {}", "al. {}", "os. {}"), "ul. Polna,ul. Leśna,ul. Słoneczna,ul. Krótka,ul. Szkolna,ul. Ogrodowa,ul. Lipowa,ul. Łąkowa",
        False, "99-999", "48", "", (("512", 6), ("601", 6)), (("22", 7), ("12", 7)),
    ),
    Place(
        "BR", "Brazil", "pt", 0.01, {"brazilian": 90, "italian": 6, "german": 4},
        "PT_BR", ("{}",), "Rua São José,Rua Sete de Setembro,Avenida Brasil,Rua Tiradentes,Rua das Flores,Rua XV de Novembro",
        False, "99999-999", "55", "", (("119", 8), ("219", 8)), (("113", 7), ("212", 7)),
    ),
)  # fmt: skip

_LETTERS = np.array(list("ABCDEFGHJKLMNPRSTUWXYZ"))


@dataclass
class Addresses:
    """One array a field, one value an address."""

    place: Array  # index into PLACES
    street: Array
    number: Array
    unit: Array  # '' or what stands in a second line
    city: Array
    postcode: Array
    region: Array
    town: Array  # number of the city in its country

    def __len__(self) -> int:
        return len(self.place)


@cache
def _words(locale: str, seed: int) -> tuple[list[str], list[str], list[str]]:
    from mimesis import Address  # imported late: half a second
    from mimesis.locales import Locale

    source = Address(getattr(Locale, locale), seed=seed)
    streets = list(dict.fromkeys(source.street_name() for _ in range(1500)))
    cities = list(dict.fromkeys(source.city() for _ in range(700)))
    regions = list(dict.fromkeys(source.state() for _ in range(60)))
    return streets, cities, regions


def skewed(rng: np.random.Generator, count: int, size: int, power: float, shift: float = 2.0) -> Array:
    """`size` positions below `count`, earlier ones more often (Zipf's law with exponent `power`)."""
    weights = 1.0 / (np.arange(count) + shift) ** power
    cumulated = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(cumulated, rng.random(size)), count - 1)


def _postcodes(pattern: str, city: Array, street: Array, base: int) -> Array:
    """A postcode for each address: its first half hangs on the city, its second on city and street."""
    half = pattern.index(" ") if " " in pattern else pattern.index("-") if "-" in pattern else 3
    result: list[Array] = []
    for place, letter in enumerate(pattern):
        key = (
            (city.astype("int64") * 7919 + base)
            if place < half
            else (city.astype("int64") * 613 + street * 104_729 + base)
        )
        mixed = (key * 2_654_435_761 + place * 40_503 * 97) % 4_294_967_291 // 1009
        if letter == "9":
            result.append((mixed % (9 if place == 0 else 10) + (place == 0)).astype("U1"))
        elif letter == "A":
            result.append(_LETTERS[mixed % len(_LETTERS)])
        else:
            result.append(np.full(len(city), letter))
    text = result[0]
    for part in result[1:]:
        text = np.char.add(text, part)
    return text.astype(object)


def draw_addresses(stream: Stream, purpose: str, place: Array, near: Array | None = None) -> Addresses:
    """An address in the country `place` (index into PLACES) for each value; one in five lies in a house of flats.

    `near` gives the town where it shall lie (-1: anywhere).
    """
    count = len(place)
    town = np.full(count, -1, dtype="int64")
    fields: dict[str, Array] = {
        name: np.full(count, "", dtype=object) for name in ("street", "number", "unit", "city", "postcode", "region")
    }
    for index, land in enumerate(PLACES):
        at = np.flatnonzero(place == index)
        if not len(at):
            continue
        rng: Any = stream(f"{purpose} {land.code}")
        streets, cities, regions = _words(land.locale, int(stream(f"words {land.code}").integers(0, 2**31)))
        common = land.common_streets.split(",")
        forms = np.array(land.streets, dtype=object)[rng.integers(0, len(land.streets), len(streets))]
        names = common + [form.format(street) for form, street in zip(forms, streets, strict=True)]
        pool, towns = np.array(names, dtype=object), np.array(cities, dtype=object)
        size = len(at)
        city = skewed(rng, len(towns), size, 0.9)
        if near is not None:
            city = np.where(near[at] >= 0, near[at], city)
        street = np.where(
            rng.random(size) < 0.18, rng.integers(0, len(common), size), skewed(rng, len(pool), size, 0.35, 20)
        )
        number = np.maximum(1, np.minimum(rng.exponential(38, size), 400).astype("int64"))
        if land.code == "US":
            number = number * 23 + rng.integers(0, 90, size)
        flats = rng.random(size) < 0.2
        house = rng.integers(0, max(1, size // 5 + 1), size)  # whose house they live in
        source = np.where(flats & (near is None), np.minimum(house, max(size - 1, 0)), np.arange(size))
        city, street, number = city[source], street[source], number[source]
        unit = _units(rng, land.code, size)
        letter = np.where(rng.random(size) < 0.06, rng.choice(np.array(["a", "b", "c"]), size), "")
        fields["unit"][at] = np.where(flats, unit, "")
        fields["street"][at], fields["city"][at] = pool[street], towns[city]
        fields["number"][at] = np.char.add(number.astype("U8"), np.where(flats, "", letter)).astype(object)
        fields["postcode"][at] = _postcodes(land.postcode, city, street, index * 31)
        town[at] = city
        fields["region"][at] = np.array(regions, dtype=object)[city * 7 % len(regions)]
    return Addresses(place=place, town=town, **fields)


def _units(rng: np.random.Generator, code: str, size: int) -> Array:
    floor, door = rng.integers(1, 9, size), rng.integers(1, 40, size)
    forms = {
        "US": lambda: np.char.add("Apt ", door.astype("U3")),
        "GB": lambda: np.char.add("Flat ", door.astype("U3")),
        "DE": lambda: np.char.add(floor.astype("U2"), ". OG"),
        "FR": lambda: np.char.add("Appt ", door.astype("U3")),
        "ES": lambda: np.char.add(np.char.add(floor.astype("U2"), "º "), np.array(list("ABCD"))[door % 4]),
        "IT": lambda: np.char.add("Int. ", door.astype("U3")),
        "SE": lambda: np.char.add("Lgh 1", np.char.zfill(door.astype("U3"), 3)),
        "PL": lambda: np.char.add("m. ", door.astype("U3")),
    }
    return forms.get(code, lambda: np.char.add("# ", door.astype("U3")))().astype(object)
