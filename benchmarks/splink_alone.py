"""Splink by itself, set up as its own documentation does and untuned: what the matching step is measured against."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import duckdb
import pandas as pd

COLUMNS = (
    "given_name_key", "family_name_key", "birth_digits", "email_key", "phone", "national_id_key", "street_key", "postcode_key",
)  # fmt: skip
BLOCKED = (
    ("given_name_key", "family_name_key"),
    ("family_name_key", "birth_digits"),
    ("given_name_key", "birth_digits"),
    ("family_name_key", "postcode_key"),
    ("given_name_key", "postcode_key"),
    ("street_key", "postcode_key"),
    ("email_key",),
    ("phone",),
    ("national_id_key",),
)
#: Whoever uses it chooses one of them; the best is reported.
THRESHOLDS = (0.95, 0.99, 0.999)
SESSIONS = (("given_name_key", "family_name_key"), ("birth_digits",), ("email_key",))


@dataclass(frozen=True)
class Baseline:
    """Clusters (record_key, cluster) by threshold, and the seconds that training, prediction and clustering at one threshold took."""

    clusters: dict[float, pd.DataFrame]
    seconds: dict[str, float]


def cluster_with_splink(records: str, con: duckdb.DuckDBPyConnection) -> Baseline:
    """Train, predict and cluster table `records` (record_key and COLUMNS).

    Columns that are empty are left out, as anybody would.
    """
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    counts = con.execute(f"select {', '.join(f'count({it})' for it in COLUMNS)} from {records}").fetchall()[0]
    filled = {column for column, count in zip(COLUMNS, counts, strict=True) if count}
    comparisons = {
        "given_name_key": cl.NameComparison("given_name_key").configure(term_frequency_adjustments=True),
        "family_name_key": cl.NameComparison("family_name_key").configure(term_frequency_adjustments=True),
        "birth_digits": cl.DamerauLevenshteinAtThresholds("birth_digits", [1, 2]),
        "email_key": cl.LevenshteinAtThresholds("email_key", [2]),
        "phone": cl.LevenshteinAtThresholds("phone", [1]),
        "national_id_key": cl.LevenshteinAtThresholds("national_id_key", [1, 2]),
        "street_key": cl.JaroWinklerAtThresholds("street_key", [0.9]),
        "postcode_key": cl.LevenshteinAtThresholds("postcode_key", [1, 2]),
    }
    began = time.perf_counter()
    con.execute(f"create or replace temp table splink_input as select record_key, {', '.join(COLUMNS)} from {records}")
    database = DuckDBAPI(con)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_key",
        comparisons=[it for column, it in comparisons.items() if column in filled],
        blocking_rules_to_generate_predictions=[
            block_on(*columns) for columns in BLOCKED if filled.issuperset(columns)
        ],
        retain_matching_columns=False,
    )
    linker = Linker(database.register("splink_input"), settings, log_level=logging.CRITICAL)
    sure = [("given_name_key", "family_name_key", "birth_digits"), ("given_name_key", "email_key")]
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*columns) for columns in sure if filled.issuperset(columns)], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for columns in SESSIONS:
        if filled.issuperset(columns):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    trained = time.perf_counter()
    predicted = linker.inference.predict(threshold_match_probability=0.5, warning_mode="never")
    scored = time.perf_counter()
    clusters = {}
    for threshold in THRESHOLDS:
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predicted, threshold_match_probability=threshold
        )
        frame: pd.DataFrame = found.as_pandas_dataframe()  # type: ignore[no-untyped-call]
        clusters[threshold] = frame[["record_key", "cluster_id"]].rename(columns={"cluster_id": "cluster"})
    seconds = (time.perf_counter() - scored) / len(THRESHOLDS)
    return Baseline(clusters, {"training": trained - began, "prediction": scored - trained, "clustering": seconds})
