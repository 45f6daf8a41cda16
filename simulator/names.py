"""What people are called: by where their family comes from, and by the decade they were born in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.name_lists import COMMON, JOINED
from simulator.places import PLACES, Stream, skewed
from simulator.settings import Array

ORIGINS = tuple(COMMON)
_LOCALES = {
    "english": "EN", "german": "DE", "french": "FR", "spanish": "ES", "italian": "IT", "dutch": "NL", "swedish": "SV",
    "polish": "PL", "turkish": "TR", "brazilian": "PT_BR",
}  # fmt: skip
#: origins where a wife keeps her name
KEEPS_NAME = tuple(ORIGINS.index(name) for name in ("spanish", "italian", "chinese", "vietnamese", "arabic"))
SPANISH, POLISH = ORIGINS.index("spanish"), ORIGINS.index("polish")
_COMMON_GIVEN, _COMMON_FAMILY = 0.72, 0.42
_FIRST_DECADE, _DECADES = 1930, 10


@dataclass(frozen=True)
class _Pool:
    given: tuple[tuple[str, ...], tuple[str, ...]]  # women's, men's; oldest fashion first
    rare_given: tuple[tuple[str, ...], tuple[str, ...]]
    family: tuple[str, ...]
    rare_family: tuple[str, ...]


@cache
def _pool(origin: str, seed: int) -> _Pool:
    women, men, families = (text.split() for text in COMMON[origin])
    family = tuple(name.replace("_", " ") for name in families)
    rng = np.random.default_rng(seed)
    rare: list[str] = []
    rare_given: tuple[tuple[str, ...], tuple[str, ...]] = (tuple(women), tuple(men))
    if origin in JOINED:
        heads, tails = (text.split() for text in JOINED[origin])
        rare = [(head + tail).replace("_", " ") for head in heads for tail in tails]
    if origin in _LOCALES:
        from mimesis import Gender, Person  # imported late: half a second
        from mimesis.locales import Locale

        source = Person(getattr(Locale, _LOCALES[origin]), seed=seed)
        given = [
            tuple(dict.fromkeys(source.first_name(gender) for _ in range(700)))
            for gender in (Gender.FEMALE, Gender.MALE)
        ]
        rare_given = (given[0], given[1])
        rare += dict.fromkeys(source.surname(Gender.MALE) for _ in range(2500))
    rare = rare or list(family)
    rng.shuffle(rare)
    return _Pool((tuple(women), tuple(men)), rare_given, family, tuple(rare))


def _pool_of(stream: Stream, origin: int) -> _Pool:
    return _pool(ORIGINS[origin], int(stream(f"name pool {ORIGINS[origin]}").integers(0, 2**31)))


def draw_origins(stream: Stream, place: Array) -> Array:
    """Where the families come from that live in these countries (index into ORIGINS)."""
    result = np.zeros(len(place), dtype="int64")
    for index, land in enumerate(PLACES):
        at = np.flatnonzero(place == index)
        weights = np.array(list(land.origins.values()), dtype=float)
        codes = np.array([ORIGINS.index(name) for name in land.origins])
        result[at] = codes[stream(f"origin {land.code}").choice(len(codes), len(at), p=weights / weights.sum())]
    return result


def draw_given(stream: Stream, purpose: str, origin: Array, sex: Array, birth_year: Array) -> Array:
    """A given name for each person: common names come and go with the decades."""
    result = np.full(len(origin), "", dtype=object)
    decade = np.clip((birth_year - _FIRST_DECADE) // 10, 0, _DECADES - 1)
    for number in range(len(ORIGINS)):
        pool = _pool_of(stream, number)
        for kind in (0, 1):
            at = np.flatnonzero((origin == number) & (sex == kind))
            if not len(at):
                continue
            rng = stream(f"{purpose} given {number} {kind}")
            common = np.array(pool.given[kind], dtype=object)
            rare = np.array(pool.rare_given[kind], dtype=object)
            peak = 1935 + 75 * np.arange(len(common)) / max(len(common) - 1, 1)
            liking = 1.0 / (1 + np.arange(len(common)) * 7 % len(common)) ** 0.4
            is_common, luck = rng.random(len(at)) < _COMMON_GIVEN, rng.random(len(at))
            chosen = rare[skewed(rng, len(rare), len(at), 0.6, 10)]
            for value in range(_DECADES):
                weights = liking * np.exp(-(((_FIRST_DECADE + 5 + 10 * value - peak) / 18.0) ** 2) / 2)
                here = is_common & (decade[at] == value)
                found = np.searchsorted(np.cumsum(weights / weights.sum()), luck[here])
                chosen[here] = common[np.minimum(found, len(common) - 1)]
            result[at] = chosen
    return result


def draw_family(stream: Stream, purpose: str, origin: Array) -> Array:
    """A family name for each value, in the form men bear; Spanish ones are two."""
    result = np.full(len(origin), "", dtype=object)
    for number in range(len(ORIGINS)):
        at = np.flatnonzero(origin == number)
        if not len(at):
            continue
        pool, rng = _pool_of(stream, number), stream(f"{purpose} family {number}")

        def draw(size: int, pool: _Pool = pool, rng: np.random.Generator = rng) -> Array:
            common, rare = np.array(pool.family, dtype=object), np.array(pool.rare_family, dtype=object)
            is_common = rng.random(size) < _COMMON_FAMILY
            often = common[skewed(rng, len(common), size, 0.75)]
            seldom = rare[skewed(rng, len(rare), size, 0.3, 30)]
            return np.where(is_common, often, seldom)

        result[at] = draw(len(at))
        if number == SPANISH:
            result[at] = result[at] + " " + draw(len(at))
    return result


def for_women(family: Array, is_polish_woman: Array) -> Array:
    """The names with the ending that Polish women bear."""
    result = family.copy()
    for at in np.flatnonzero(is_polish_woman):
        name = result[at]
        if name.endswith(("ski", "cki", "dzki")):
            result[at] = name[:-1] + "a"
    return result
