"""How likely two records are one person, and what speaks for and against it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import numpy as np

from ingestion.quoting import sql_literal
from intelligence.identity.comparisons import (
    COLUMNS,
    COMPARISONS,
    SAME_BIRTH_DATE,
    SAME_EMAIL,
    SAME_HOUSE,
    SAME_IDENTIFIER,
    SAME_NATIONAL_ID,
    SAME_PHONE,
    Comparison,
    falls_into,
)
from intelligence.identity.training import CONTACTS, Model

#: Pairs with less than this (bits) are not worth a look: they would have to be wrong a thousand times over.
LEAST_WEIGHT = -10.0

#: Who shares a contact and clearly contradicts in this is no likelier one person than anybody who shares it.
TELLING = ("birth_date",)
#: Names alone, however rare, are a question for somebody and no link.
NAMES = ("given_name", "middle_name", "family_name", "name_suffix", "gender")
#: What is a question for somebody weighs at most this (bits), and what contradicts at most that, however much else agrees.
QUESTION = 1.0
CONTRADICTION = -2.0
#: What few people have alike.
PERSONAL = (SAME_BIRTH_DATE, SAME_EMAIL, SAME_PHONE, SAME_IDENTIFIER, SAME_NATIONAL_ID)
SAME_ADDRESS = "gamma_street > 0 and gamma_place > 0"
_ANY_PERSONAL = " or ".join(PERSONAL)
_HOW_MANY = " + ".join(f"cast({it} as integer)" for it in (*PERSONAL, SAME_ADDRESS))
_NO_GIVEN = "gamma_given_name = -1"
#: Names that changed places are compared as given names, and then the family name counts as unknown.
_NO_FAMILY = f"(gamma_family_name = -1 and not {falls_into('given_name', 'given and family name swapped')})"
_OTHER_GIVEN = falls_into("given_name", "other given name")
_SAME_FAMILY = falls_into("family_name", "same family name")
_NEAR_NATIONAL_ID = falls_into("national_id", "national id with a slip or two")
#: Limits that hold whatever the parts add up to: the parts are learnt one by one, and slips of neighbours and relatives come together.
LIMITS = (
    # One name, no address and nothing that few people have alike. What people of one home have alike is known (see training.CONTACTS).
    (f"({_NO_GIVEN} or {_NO_FAMILY}) and not ({_ANY_PERSONAL} or {SAME_ADDRESS})", QUESTION),
    # No name at all: it takes two witnesses, or a national id.
    (f"{_NO_GIVEN} and {_NO_FAMILY} and not {SAME_NATIONAL_ID} and {_HOW_MANY} < 2", QUESTION),
    # Another given name, a family name that is not quite the same, and of the rest nothing but slips: neighbours.
    (
        f"{_OTHER_GIVEN} and not {_SAME_FAMILY} and not ({_ANY_PERSONAL} or {_NEAR_NATIONAL_ID} or {SAME_HOUSE})",
        CONTRADICTION,
    ),
    # Father and son.
    (falls_into("name_suffix", "other name suffix"), CONTRADICTION),
)
#: Decimal places of the bits in the evidence: over all comparisons, rounding stays below a hundredth.
EVIDENCE_PLACES = 3
#: What the evidence says where a weight is less than its parts add up to.
LOWERED_BY = {
    "home": "people who share a home",
    "phone": "people who share a phone",
    "mailbox": "people who share a mailbox",
    "family": "people of one family name and place",
    "birth": "people of one family name and birth date",
    "limit": "more cannot come of what agrees",
}


@dataclass(frozen=True)
class Rarity:
    """A column of a comparison of which a rare value that both records have weighs more than a usual one."""

    comparison: Comparison
    column: str
    levels: tuple[int, ...]

    @property
    def holds(self) -> str:
        """SQL that is true if both records have the same value."""
        return f"gamma_{self.comparison.name} in ({', '.join(map(str, self.levels))})"

    @property
    def table(self) -> str:
        return f"frequency_{self.comparison.name}_{self.column}"

    def join(self, frequencies: dict[str, str], value: str) -> str:
        """SQL that joins the frequency of the value that both have."""
        return f"left join {frequencies[self.column]} as {self.table} on {value} = {self.table}.{self.column}"

    def bits(self, model: Model) -> str:
        """SQL for the bits that the rarity adds: log2(u / frequency), 0 where both do not have the same value."""
        usual = np.log2(model.levels(self.comparison.name, "u_probability")[self.comparison.gamma_of_same(self.column)])
        return f"coalesce({usual:.10f} - log2({self.table}.tf_{self.column}), 0)"


RARITIES = tuple(
    Rarity(it, column, tuple(levels)) for it in COMPARISONS for column, levels in it.frequency_gammas().items()
)


def score_pairs(
    con: duckdb.DuckDBPyConnection, records: str, pairs: str, model: Model, frequencies: dict[str, str], scored: str
) -> None:
    """Fill table `scored` (unique_id_l, unique_id_r, match_weight in bits, gamma_* of each comparison) for the pairs of table `pairs`.

    The weight is Fellegi and Sunter's: the log2 odds that any two records are one person, and for each comparison log2(m / u) of the level the pair
    falls into; where the same rare value stands in both, log2(u / frequency) more. It equals what Splink's predict gives (tested), without
    copying every record that is compared. Pairs below LEAST_WEIGHT are left out. `frequencies` names a table (value, tf_value) for each column
    whose rare values weigh more.
    """
    sides = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in COLUMNS)
    gammas = ", ".join(f"{it.gamma_sql()} as gamma_{it.name}" for it in COMPARISONS)
    kept = ", ".join(f"gamma_{it.name}" for it in COMPARISONS)
    shared = ", ".join(
        f"case when {it.holds} then {it.column}_l end as {it.comparison.name}_{it.column}" for it in RARITIES
    )
    lookups = " ".join(it.join(frequencies, f"compared.{it.comparison.name}_{it.column}") for it in RARITIES)
    terms = [f"{model.prior_weight():.10f}", *(f"coalesce({_comparison_bits(model, it)}, 0)" for it in COMPARISONS)]
    con.execute(
        f"""
        create or replace temp table {scored} as
        with pair as (
            select pairs.join_key_l as unique_id_l, pairs.join_key_r as unique_id_r, {sides}
            from {pairs} as pairs
            inner join {records} as l on pairs.join_key_l = l.unique_id
            inner join {records} as r on pairs.join_key_r = r.unique_id
        ),
        levels as (select *, {gammas} from pair),
        compared as (select unique_id_l, unique_id_r, {kept}, {shared} from levels),
        weighed as (select unique_id_l, unique_id_r, {" + ".join(terms)} as match_weight, {kept} from compared {lookups})
        select * from weighed where match_weight >= {LEAST_WEIGHT}
        """
    )


def _bits(name: str, weights: Iterable[float]) -> str:
    """SQL for the bits that a comparison adds at the level a pair falls into; null where it is unknown."""
    cases = " ".join(f"when {gamma} then {weight:.10f}" for gamma, weight in enumerate(weights))
    return f"case gamma_{name} {cases} end"


def _comparison_bits(model: Model, comparison: Comparison) -> str:
    """SQL for the bits of a comparison for any two records, the rarity of what both have alike included; reads the joins of RARITIES."""
    rarities = (it.bits(model) for it in RARITIES if it.comparison is comparison)
    return " + ".join([_bits(comparison.name, model.bits(comparison.name)), *rarities])


def contact_weight(model: Model) -> str:
    """SQL for the match weight of a scored pair with what people share through a contact taken for granted: the least of all that apply."""
    weights = ["match_weight"]
    for name, found in model.contacts.items():
        condition = CONTACTS[name][0]
        terms = [f"{found['prior']:.4f}", *(f"coalesce({_bits(*it)}, 0)" for it in found["weights"].items())]
        weights.append(f"case when {condition} then {' + '.join(terms)} end")
        contradicts = " or ".join(f"gamma_{it} = 0" for it in TELLING)
        weights.append(f"case when {condition} and ({contradicts}) then {found['prior']:.4f} end")
    agreements = " or ".join(f"gamma_{it.name} > 0" for it in COMPARISONS if it.name not in NAMES)
    weights.append(f"case when not ({agreements}) then {QUESTION} end")
    weights += [f"case when {condition} then {limit} end" for condition, limit in LIMITS]
    return f"least({', '.join(weights)})"


def evidence_joins(frequencies: dict[str, str]) -> str:
    """SQL that joins the frequency of what both have alike to a scored pair with its records `l` and `r`; `evidence_sql` reads it."""
    return " ".join(it.join(frequencies, f"case when {it.holds} then l.{it.column} end") for it in RARITIES)


def evidence_sql(model: Model) -> str:
    """SQL for the evidence of a scored pair: JSON text, name → what was found and the bits it adds; the bits add up to the weight.

    There is an entry for each comparison that says something (the rarity of a common value included), `prior` for any two records, and where
    the weight is less than what these add up to (see `contact_weight`), one for the reason with the bits that it takes away. Reads the columns of
    `score_pairs` and `weight`, the final one, and the tables of `evidence_joins`.
    """
    parts = [sql_literal(f'"prior": {json.dumps(["any two records", round(model.prior_weight(), EVIDENCE_PLACES)])}')]
    for comparison in COMPARISONS:
        words = " ".join(
            f"when {level} then {sql_literal(json.dumps(comparison.level(level).words))}"
            for level in range(len(comparison.levels))
        )
        added = _rounded(_comparison_bits(model, comparison))
        parts.append(
            f"""'"{comparison.name}": [' || case gamma_{comparison.name} {words} end || ', ' || {added} || ']'"""
        )
    parts.append(f"""'"' || {_lowered_by(model)} || ', ' || {_rounded("weight - match_weight")} || ']'""")
    return f"'{{' || concat_ws(', ', {', '.join(parts)}) || '}}'"


def _rounded(bits: str) -> str:
    return f"cast(round({bits}, {EVIDENCE_PLACES}) as varchar)"


def _lowered_by(model: Model) -> str:
    """SQL for the name and words of what makes the weight of a pair less than the sum of its parts; null where nothing does."""
    cases = [f"when weight > match_weight - {0.1**EVIDENCE_PLACES:.10f} then null"]
    # Of several reasons the one counts that alone takes the weight as low.
    for name in model.contacts:
        alone = contact_weight(Model(model.settings, {name: model.contacts[name]}))
        said = f'shared {name}": [{json.dumps(LOWERED_BY.get(name, f"people who share a {name}"))}'
        cases.append(f"when {alone} <= weight then {sql_literal(said)}")
    limit = f'limit": [{json.dumps(LOWERED_BY["limit"])}'
    return f"case {cases[0]} when {contact_weight(Model(model.settings, {}))} <= weight then {sql_literal(limit)} {' '.join(cases[1:])} end"
