"""How likely two records are one person, and what speaks for and against it."""

from __future__ import annotations

import json
import logging

import duckdb
import numpy as np

from ingestion.quoting import sql_literal
from intelligence.identity.comparisons import COLUMNS, COMPARISONS
from intelligence.identity.training import CONTACTS, Model

#: Pairs with less than this (bits) are not worth a look: they would have to be wrong a thousand times over.
LEAST_WEIGHT = -10.0

#: Who shares a contact and clearly contradicts in this is no likelier one person than anybody who shares it.
TELLING = ("birth_date",)
#: Names alone, however rare, are a question for somebody and no link.
NAMES = ("given_name", "middle_name", "family_name", "name_suffix", "gender")
NAME_ALONE = 1.0


def score_pairs(
    con: duckdb.DuckDBPyConnection, records: str, pairs: str, model: Model, frequencies: dict[str, str], scored: str
) -> None:
    """Fill table `scored` (unique_id_l, unique_id_r, match_weight in bits, gamma_* of each comparison) for the pairs of table `pairs`.

    Pairs below LEAST_WEIGHT are left out. `frequencies` names a table (value, tf_value) for each column whose rare values weigh more.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator

    database = DuckDBAPI(con)
    settings = SettingsCreator.from_path_or_dict(model.settings)
    linker = Linker(database.register(records), settings, log_level=logging.CRITICAL)
    for column, table in frequencies.items():
        linker.table_management.register_term_frequency_lookup(database.register(table), column)
    linker.table_management.register_blocked_pairs_for_predict(database.register(pairs))
    predicted = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT, warning_mode="never")
    sides = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in COLUMNS)
    gammas = ", ".join(f"{it.gamma_sql()} as gamma_{it.name}" for it in COMPARISONS)
    con.execute(
        f"""
        create or replace temp table {scored} as
        with pair as (
            select predicted.unique_id_l, predicted.unique_id_r, predicted.match_weight, {sides}
            from {predicted.physical_name} as predicted
            inner join {records} as l on predicted.unique_id_l = l.unique_id
            inner join {records} as r on predicted.unique_id_r = r.unique_id
        )
        select unique_id_l, unique_id_r, match_weight, {gammas} from pair
        """
    )
    predicted.drop_table_from_database_and_remove_from_cache()


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
    weights.append(f"case when not ({agreements}) then {NAME_ALONE} end")
    return f"least({', '.join(weights)})"


def evidence_sql(model: Model) -> str:
    """SQL for the evidence of a scored pair: JSON text, comparison → what was found and the bits it adds for any two records."""
    parts = []
    for comparison in COMPARISONS:
        bits = np.log2(model.levels(comparison.name, "m_probability") / model.levels(comparison.name, "u_probability"))
        cases = " ".join(
            f"when {gamma} then {sql_literal(json.dumps([comparison.level(gamma).words, round(float(weight), 1)]))}"
            for gamma, weight in enumerate(bits)
        )
        parts.append(f"""'"{comparison.name}": ' || case gamma_{comparison.name} {cases} end""")
    return f"'{{' || concat_ws(', ', {', '.join(parts)}) || '}}'"
