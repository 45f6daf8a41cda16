"""The attribution step on a warehouse, whoever starts it: the command line or Dagster. What it reads and where its weights lie is said here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from intelligence.attribution.markov import markov_removal_effects
from intelligence.attribution.paths import paths_from_table
from intelligence.attribution.shapley import shapley_values
from intelligence.attribution.tables import SCHEMA, TABLES
from intelligence.warehouse import Step, StepReport, replace_rows

#: Tables the step reads. They are built before it; what reads its weights is built after it.
PATHS = "silver.touchpoint_paths"
#: Fewer conversions of a name teach nothing: no weights, and only the rules give credit.
FEWEST_CONVERSIONS = 30
SEPARATOR = " > "


def _learn(con: duckdb.DuckDBPyConnection, data_dir: Path, retrain: bool, tell: Callable[[str], None]) -> StepReport:
    """Learn from all paths of a warehouse what each channel weighs."""
    paths = con.execute(
        f"select conversion_name, path, conversions, cast(value_usd as double) as value_usd, came_to_nothing from {PATHS} order by all"
    ).df()
    by_name = {str(name): table for name, table in paths.groupby("conversion_name", sort=True)}
    enough = {name: table for name, table in by_name.items() if table["conversions"].sum() >= FEWEST_CONVERSIONS}
    found = []
    for name, table in enough.items():
        tell(f"weighing the channels of {name}")
        found.append(channel_weights(table).assign(conversion_name=name))
    weights = pd.concat(found) if found else None
    con.execute("begin")
    replace_rows(con, f"{SCHEMA}.channel_weights", weights)
    con.execute("commit")
    conversions = int(paths["conversions"].sum())
    channels = 0 if weights is None else int(weights["channel_group"].nunique())
    return StepReport(
        sentence=f"attributed {conversions:,} conversions to {channels:,} channels: {', '.join(enough)}"
        if enough
        else "",
        figures={
            "conversions": conversions,
            "learnt": ", ".join(enough) or "nothing: too few conversions",
            "channels": channels,
        },
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


STEP = Step(
    name="attribution",
    asset="attribute_conversions",
    description="Learns from all paths what each channel weighs: Markov removal effects and Shapley values.",
    purpose="learn attribution from",
    reads=(PATHS,),
    schema=SCHEMA,
    tables=TABLES,
    work=_learn,
)
