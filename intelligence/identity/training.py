"""Training of the match model without labels: what a true pair and a chance pair look like in these data.

Splink learns it (https://moj-analytical-services.github.io/splink/): how often chance pairs agree by random sampling, how often true
pairs do by expectation maximisation. Beside the model for any two records stand models for two records with the same contact: people who share
a home, a phone or a mailbox. Between them that contact says nothing any more, and names and birth dates decide.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from intelligence.identity.comparisons import (
    BIRTH,
    COMPARISONS,
    EMAIL,
    FAMILY,
    GIVEN,
    NATIONAL_ID,
    SAME_BIRTH_DATE,
    SAME_EMAIL,
    SAME_HOUSE,
    SAME_PHONE,
    STREET,
    falls_into,
)

#: Chance pairs that are sampled, and pairs a training session looks at.
SAMPLED_PAIRS = 300_000
SESSION_PAIRS = 100_000
#: A session with fewer pairs teaches nothing; where all have fewer, the starting values stay.
FEWEST_PAIRS = 100
SESSIONS = ((GIVEN, FAMILY), (BIRTH,), (GIVEN, BIRTH), (NATIONAL_ID,))
#: Rules that hold for true pairs only, bar a few, and find about this share of them.
SURE_RULES = ((GIVEN, FAMILY, BIRTH), (GIVEN, EMAIL), (GIVEN, FAMILY, STREET), (NATIONAL_ID, GIVEN))
SURE_RULES_FIND = 0.7
_SAME_FAMILY = falls_into("family_name", "same family name", "one family name holds the other")
#: Contacts that people share: the pairs that have it (SQL over Splink's gammas), and the comparisons that it takes for granted.
CONTACTS = {
    "home": (f"{SAME_HOUSE} and not {falls_into('place', 'other place')}", ("street", "place", "address_line_2")),
    "phone": (SAME_PHONE, ("phone",)),
    "mailbox": (SAME_EMAIL, ("email",)),
    "family": (
        f"{_SAME_FAMILY} and {falls_into('place', 'same postcode')}",
        ("family_name", "street", "place", "address_line_2"),
    ),
    "birth": (f"{_SAME_FAMILY} and {SAME_BIRTH_DATE}", ("family_name", "birth_date")),
}
#: Chance pairs agree in anything at least this often, even if the sample shows none.
LEAST_CHANCE = 3e-7
#: What people who share a contact do not share, bar namesakes and twins: two in a hundred have it alike all the same.
OWN = ("given_name", "birth_date", "national_id")
ALIKE_ALL_THE_SAME = 0.02
#: How many chance pairs the general model's word counts for where few share a contact.
PRIOR_PAIRS = 20.0
ITERATIONS = 50
#: The schema for Splink's own tables, gone after training.
SCRATCH = "splink_scratch"
#: True pairs differ in anything at least this often, even if the data show none: nobody writes without mistakes.
LEAST_ERRORS = 0.001


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        settings: Splink's settings with the learnt parameters.
        contacts: for each contact people share, log2 odds that two records with it are one person ("prior") and the weights in bits
            of every level of the other comparisons ("weights": comparison → bits by gamma).
    """

    settings: dict[str, Any]
    contacts: dict[str, dict[str, Any]]

    def prior_weight(self) -> float:
        """The log2 odds that any two records are one person."""
        share = self.settings["probability_two_random_records_match"]
        return math.log2(share / (1.0 - share))

    def levels(self, comparison: str, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """`m_probability` or `u_probability` of a comparison's levels, by gamma."""
        levels = next(it for it in self.settings["comparisons"] if it["output_column_name"] == comparison)[
            "comparison_levels"
        ]
        return np.array([it[name] for it in levels if not it.get("is_null_level")][::-1])

    def bits(self, comparison: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The weight of each level of a comparison, log2(m / u), by gamma."""
        weights: np.ndarray[Any, np.dtype[np.float64]] = np.log2(
            self.levels(comparison, "m_probability") / self.levels(comparison, "u_probability")
        )
        return weights


def _pairs(con: duckdb.DuckDBPyConnection, records: str, columns: tuple[str, ...]) -> float:
    known = " and ".join(f"{column} is not null" for column in columns)
    found = con.execute(
        f"select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from {records} where {known} group by {', '.join(columns)})"
    ).fetchall()
    return float(found[0][0])


def starting_settings() -> dict[str, Any]:
    """Splink's settings before training."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "comparisons": [comparison.as_splink() for comparison in COMPARISONS],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "probability_two_random_records_match": 1e-4,
    }


def train(con: duckdb.DuckDBPyConnection, records: str, frequencies: dict[str, str]) -> Model:
    """Learn a model from table `records` (unique_id and the columns of `comparisons.COLUMNS`).

    Args:
        con: connection that Splink may make tables in.
        records: name of the table, one row a record; at least two.
        frequencies: table (value, tf_value) for each column whose rare values weigh more.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    # Splink forgets to drop what its sessions made.
    con.execute(f"create schema if not exists {SCRATCH}")
    database = DuckDBAPI(con, output_schema=SCRATCH)
    linker = Linker(
        database.register(records), SettingsCreator.from_path_or_dict(starting_settings()), log_level=logging.CRITICAL
    )
    for column, table in frequencies.items():
        linker.table_management.register_term_frequency_lookup(database.register(table), column)
    sure: list[Any] = [block_on(*columns) for columns in SURE_RULES]
    linker.training.estimate_probability_two_random_records_match(sure, recall=SURE_RULES_FIND)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=SAMPLED_PAIRS, seed=1, min_count_per_level=None, num_chunks=1
    )
    for columns in SESSIONS:
        pairs = _pairs(con, records, columns)
        if pairs >= FEWEST_PAIRS:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns),
                estimate_without_term_frequencies=True,
                max_pairs=SESSION_PAIRS if pairs > SESSION_PAIRS else None,
            )
    model = Model(_completed(linker.misc.save_model_to_json()), {})
    con.execute(f"drop schema {SCRATCH} cascade")
    return model


def _completed(settings: dict[str, Any]) -> dict[str, Any]:
    """Fill what the data did not show with the starting values, and keep chances away from nought."""
    for comparison, given in zip(settings["comparisons"], COMPARISONS, strict=True):
        levels = [it for it in comparison["comparison_levels"] if not it.get("is_null_level")]
        for level, start in zip(levels, given.levels, strict=True):
            for name in ("m_probability", "u_probability"):
                value = level.get(name)
                known = isinstance(value, float) and value > 0
                level[name] = _rounded(max(value, LEAST_CHANCE) if known else getattr(start, name[0]))
        # A contradiction never speaks for two records, however seldom chance pairs have it.
        levels[-1]["m_probability"] = min(max(levels[-1]["m_probability"], LEAST_ERRORS), levels[-1]["u_probability"])
    settings.pop("linker_uid", None)
    share = settings["probability_two_random_records_match"]
    settings["probability_two_random_records_match"] = _rounded(min(max(share, 1e-9), 0.5))
    return settings


def _rounded(value: float) -> float:
    """Six figures: sums over threads differ in the sixteenth, and the same records must give the same model."""
    return float(f"{value:.6g}")


def learn_contacts(con: duckdb.DuckDBPyConnection, model: Model, scored: str) -> Model:
    """Learn from scored pairs what tells people apart who share a home, a phone or a mailbox.

    The share of true pairs and the levels of chance pairs are found by expectation maximisation, with the levels of true pairs as they are
    in the model (who shares a contact does not misspell differently).

    Args:
        con: connection that holds the pairs.
        model: the general model.
        scored: table of pairs with the column gamma_<comparison> of each comparison.
    """
    contacts = {}
    for name, (condition, granted) in CONTACTS.items():
        told = [it.name for it in COMPARISONS if it.name not in granted]
        gammas = ", ".join(f"gamma_{it}" for it in told)
        seen = con.execute(
            f"select {gammas}, count(*)::double as n from {scored} where {condition} group by {gammas} order by {gammas}"
        ).fetchnumpy()
        if len(seen["n"]) and seen["n"].sum() >= FEWEST_PAIRS:
            contacts[name] = _separate(model, told, seen)
    return Model(model.settings, contacts)


def _separate(model: Model, told: list[str], seen: dict[str, Any]) -> dict[str, Any]:
    counts = np.asarray(seen["n"])
    gammas = {it: np.asarray(seen[f"gamma_{it}"]) for it in told}
    true = {it: model.levels(it, "m_probability") for it in told}
    chance = {it: model.levels(it, "u_probability") for it in told}
    general = dict(chance)
    for it in set(OWN) & set(told):
        chance[it] = np.maximum(chance[it], ALIKE_ALL_THE_SAME * true[it])
    prior = 0.0
    for _ in range(ITERATIONS):
        odds = sum(np.where(gammas[it] >= 0, np.log2(true[it] / chance[it])[gammas[it]], 0.0) for it in told) + prior
        is_chance = counts / (1.0 + np.exp2(np.clip(odds, -60, 60)))
        share = (counts.sum() - is_chance.sum() + 1.0) / (counts.sum() + 2.0)
        prior = math.log2(share / (1.0 - share))
        for it in set(told) - set(OWN):
            known = gammas[it] >= 0
            of_level = np.bincount(gammas[it][known], weights=is_chance[known], minlength=len(general[it]))
            chance[it] = (of_level + PRIOR_PAIRS * general[it]) / (of_level.sum() + PRIOR_PAIRS)
    weights = {it: [round(bits, 4) for bits in np.log2(true[it] / chance[it]).tolist()] for it in told}
    return {"prior": round(prior, 4), "weights": weights}
