"""How likely two records are one person, and what speaks for and against it."""

from __future__ import annotations

import json

import duckdb
import numpy as np

from ingestion.quoting import sql_literal
from intelligence.identity.comparisons import COLUMNS, COMPARISONS, Comparison
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
#: What few people have alike, each true or false (SQL over Splink's gammas), and what a household has alike.
PERSONAL = (
    "gamma_birth_date = 4",
    "gamma_email = 1",
    "gamma_phone = 2",
    "gamma_identifier = 1",
    "gamma_national_id = 2",
)
SAME_HOME = "gamma_street in (3, 5)"
SAME_ADDRESS = "gamma_street > 0 and gamma_place > 0"
_ANY_PERSONAL = " or ".join(PERSONAL)
_HOW_MANY = " + ".join(f"cast({it} as integer)" for it in (*PERSONAL, SAME_ADDRESS))
_NO_GIVEN = "gamma_given_name = -1"
#: Names that changed places are compared as given names, and then the family name counts as unknown.
_NO_FAMILY = "(gamma_family_name = -1 and gamma_given_name != 6)"
#: Limits that hold whatever the parts add up to: the parts are learnt one by one, and slips of neighbours and relatives come together.
LIMITS = (
    # One name, no address and nothing that few people have alike. What people of one home have alike is known (see training.CONTACTS).
    (f"({_NO_GIVEN} or {_NO_FAMILY}) and not ({_ANY_PERSONAL} or {SAME_ADDRESS})", QUESTION),
    # No name at all: it takes two witnesses, or a national id.
    (f"{_NO_GIVEN} and {_NO_FAMILY} and gamma_national_id != 2 and {_HOW_MANY} < 2", QUESTION),
    # Another given name, a family name that is not quite the same, and of the rest nothing but slips: neighbours.
    (
        f"gamma_given_name = 0 and gamma_family_name != 5 and not ({_ANY_PERSONAL} or gamma_national_id = 1 or {SAME_HOME})",
        CONTRADICTION,
    ),
    # Father and son.
    ("gamma_name_suffix = 0", CONTRADICTION),
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
    shared, terms, lookups = [], [f"{model.prior_weight():.10f}"], []
    for it in COMPARISONS:
        cases = " ".join(f"when {gamma} then {weight:.10f}" for gamma, weight in enumerate(model.bits(it.name)))
        terms.append(f"case gamma_{it.name} {cases} else 0 end")
        for column, levels in it.frequency_gammas().items():
            shared.append(
                f"case when gamma_{it.name} in ({', '.join(map(str, levels))}) then {column}_l end as {it.name}_{column}"
            )
            usual = np.log2(model.levels(it.name, "u_probability")[it.gamma_of_same(column)])
            terms.append(f"coalesce({usual:.10f} - log2(frequency_{it.name}_{column}.tf_{column}), 0)")
            lookups.append(
                f"left join {frequencies[column]} as frequency_{it.name}_{column} "
                f"on compared.{it.name}_{column} = frequency_{it.name}_{column}.{column}"
            )
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
        compared as (select unique_id_l, unique_id_r, {kept}, {", ".join(shared)} from levels),
        weighed as (select unique_id_l, unique_id_r, {" + ".join(terms)} as match_weight, {kept} from compared {" ".join(lookups)})
        select * from weighed where match_weight >= {LEAST_WEIGHT}
        """
    )


def contact_weight(model: Model) -> str:
    """SQL for the match weight of a scored pair with what people share through a contact taken for granted: the least of all that apply."""
    weights = ["match_weight"]
    for name, found in model.contacts.items():
        condition = CONTACTS[name][0]
        terms = [f"{found['prior']:.4f}"]
        for comparison, bits in found["weights"].items():
            cases = " ".join(f"when {gamma} then {weight:.4f}" for gamma, weight in enumerate(bits))
            terms.append(f"case gamma_{comparison} {cases} else 0 end")
        weights.append(f"case when {condition} then {' + '.join(terms)} end")
        contradicts = " or ".join(f"gamma_{it} = 0" for it in TELLING)
        weights.append(f"case when {condition} and ({contradicts}) then {found['prior']:.4f} end")
    agreements = " or ".join(f"gamma_{it.name} > 0" for it in COMPARISONS if it.name not in NAMES)
    weights.append(f"case when not ({agreements}) then {QUESTION} end")
    weights += [f"case when {condition} then {limit} end" for condition, limit in LIMITS]
    return f"least({', '.join(weights)})"


def _frequency_terms() -> list[tuple[Comparison, str, list[int]]]:
    return [(it, column, gammas) for it in COMPARISONS for column, gammas in it.frequency_gammas().items()]


def evidence_joins(frequencies: dict[str, str]) -> str:
    """SQL that joins the frequency of what both have alike to a scored pair with its records `l` and `r`; `evidence_sql` reads it."""
    return " ".join(
        f"left join {frequencies[column]} as frequency_{it.name}_{column} "
        f"on case when gamma_{it.name} in ({', '.join(map(str, gammas))}) then l.{column} end = frequency_{it.name}_{column}.{column}"
        for it, column, gammas in _frequency_terms()
    )


def evidence_sql(model: Model) -> str:
    """SQL for the evidence of a scored pair: JSON text, name → what was found and the bits it adds; the bits add up to the weight.

    There is an entry for each comparison that says something (the rarity of a common value included), `prior` for any two records, and where
    the weight is less than what these add up to (see `contact_weight`), one for the reason with the bits that it takes away. Reads the columns of
    `score_pairs` and `weight`, the final one, and the tables of `evidence_joins`.
    """
    parts = [sql_literal(f'"prior": {json.dumps(["any two records", round(model.prior_weight(), EVIDENCE_PLACES)])}')]
    for comparison in COMPARISONS:
        gamma, weights = f"gamma_{comparison.name}", model.bits(comparison.name)
        rarity = [
            f"coalesce({np.log2(model.levels(it.name, 'u_probability')[it.gamma_of_same(column)]):.10f} "
            f"- log2(frequency_{it.name}_{column}.tf_{column}), 0)"
            for it, column, _ in _frequency_terms()
            if it is comparison
        ]
        words = " ".join(
            f"when {level} then {sql_literal(json.dumps(comparison.level(level).words))}"
            for level in range(len(weights))
        )
        bits = " ".join(f"when {level} then {weight:.10f}" for level, weight in enumerate(weights))
        added = _rounded(" + ".join([f"case {gamma} {bits} end", *rarity]))
        parts.append(f"""'"{comparison.name}": [' || case {gamma} {words} end || ', ' || {added} || ']'""")
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
