"""The attribution step on a warehouse, whoever starts it: the command line or Dagster. What it reads and where its weights lie is said here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from intelligence.attribution.markov import markov_removal_effects
from intelligence.attribution.paths import paths_from_table
from intelligence.attribution.shapley import shapley_values
from intelligence.warehouse import StepError, first_line, open_warehouse, require_tables

#: Tables the step reads. They are built before it; what reads its weights is built after it.
PATHS = "silver.touchpoint_paths"
READS = (PATHS,)
SCHEMA = "attribution"
WRITES = ("attribution.channel_weights",)
TABLES = {
    "channel_weights": (
        "conversion_name varchar, attribution_model varchar, channel_group varchar, weight double, removal_effect double, "
        "conversions double, value_usd double, standard_error double"
    )
}
#: Fewer conversions of a name teach nothing: no weights, and only the rules give credit.
FEWEST_CONVERSIONS = 30
SEPARATOR = " > "


@dataclass(frozen=True)
class AttributionReport:
    """What a run of the step did.

    Attributes:
        conversions: conversions with a path, of all names.
        learnt: names of conversions for which weights were learnt.
        channels: channels that have a weight.
        seconds: time it took.
    """

    conversions: int
    learnt: tuple[str, ...]
    channels: int
    seconds: float


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the step where they are missing, empty."""
    con.execute(f"create schema if not exists {SCHEMA}")
    for table, columns in TABLES.items():
        con.execute(f"create table if not exists {SCHEMA}.{table} ({columns})")


def attribute_warehouse(warehouse: Path, *, progress: Callable[[str], None] | None = None) -> AttributionReport:
    """Learn from all paths of a warehouse what each channel weighs. Nobody else may have it open.

    Raises StepError if that cannot be done; the weights that are there stay then.
    """
    tell = progress or (lambda words: None)
    began = time.perf_counter()
    with open_warehouse(warehouse) as con:
        require_tables(con, READS, "learn attribution from")
        try:
            create_tables(con)
            paths = con.execute(
                f"select conversion_name, path, conversions, cast(value_usd as double) as value_usd, came_to_nothing from {PATHS} order by all"
            ).df()
            by_name = {str(name): table for name, table in paths.groupby("conversion_name", sort=True)}
            enough = {
                name: table for name, table in by_name.items() if table["conversions"].sum() >= FEWEST_CONVERSIONS
            }
            found = []
            for name, table in enough.items():
                tell(f"weighing the channels of {name}")
                found.append(channel_weights(table).assign(conversion_name=name))
            weights = pd.concat(found) if found else None
            con.execute("begin")
            con.execute(f"delete from {WRITES[0]}")
            if weights is not None:
                con.register("weights", weights)
                con.execute(f"insert into {WRITES[0]} by name select * from weights")
            con.execute("commit")
        except (duckdb.Error, ValueError, ArithmeticError) as error:
            raise StepError(
                f"The attribution step failed: {first_line(error)}. The weights it found earlier are as they were."
            ) from error
    return AttributionReport(
        conversions=int(paths["conversions"].sum()),
        learnt=tuple(enough),
        channels=0 if weights is None else int(weights["channel_group"].nunique()),
        seconds=time.perf_counter() - began,
    )


def channel_weights(paths: pd.DataFrame) -> pd.DataFrame:
    """What each channel weighs by the Markov and the Shapley model.

    Args:
        paths: `path` (channels in order, between SEPARATOR), `conversions`, `value_usd`, `came_to_nothing` (counts); one row per path.

    Returns:
        attribution_model, channel_group, weight (adds up to 1 per model), removal_effect, conversions, value_usd, standard_error.
    """
    table = paths_from_table(
        pd.DataFrame(
            {
                "path": paths["path"],
                "total_conversions": paths["conversions"],
                # Refunds may outweigh what a path brought; nothing is worth less than nothing to a channel.
                "total_conversion_value": paths["value_usd"].clip(lower=0),
                "total_null": paths["came_to_nothing"],
            }
        ),
        separator=SEPARATOR.strip(),
    )
    markov = markov_removal_effects(table).channels.assign(attribution_model="markov", standard_error=None)
    shapley = shapley_values(table).assign(attribution_model="shapley", removal_effect=None)
    shapley["standard_error"] = (
        shapley["standard_error"].where(shapley["standard_error"] > 0) / paths["conversions"].sum()
    )
    both = pd.concat([markov, shapley], ignore_index=True).rename(
        columns={"channel": "channel_group", "total_conversions": "conversions", "total_conversion_value": "value_usd"}
    )
    both["weight"] = both["conversions"] / both.groupby("attribution_model")["conversions"].transform("sum")
    columns = (
        "attribution_model",
        "channel_group",
        "weight",
        "removal_effect",
        "conversions",
        "value_usd",
        "standard_error",
    )
    return both[list(columns)]
