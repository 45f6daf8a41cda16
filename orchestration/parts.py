"""Which part of a run a call of dbt is, and which tests it runs. Pure: knows neither Dagster nor a warehouse.

Python steps stand between models. So a run calls dbt several times, and every test has to run in the call that builds the last of the tables
it reads: once, and never on a table that is not there yet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

#: Python steps that run one after the other, with no model between them: what each reads, by the tables (schema.table) that it writes.
Stage = Mapping[Sequence[str], Sequence[str]]


@dataclass(frozen=True)
class Part:
    """A call of dbt.

    Attributes:
        name: what the project's macros call it (`ingestion.dbt_plugin.BUILD_PART`): `first`, `middle` or `last`; empty for a build of its own.
        arguments: for dbt, which say what tests it runs.
    """

    name: str = ""
    arguments: list[str] = field(default_factory=list)


def part_of_run(made: Collection[str], stages: Sequence[Stage]) -> Part:
    """Which part of a run over all models the call is that builds the tables `made`.

    Args:
        made: tables (schema.table) that the call builds.
        stages: the Python steps of the run, in order.

    Tests that read what a later step writes, or what is made of it, wait. All others that touch what is built here run; dbt's setting for
    selections (`buildable`) would leave out those that also read what an earlier part has built.
    """
    for position, stage in enumerate(stages):
        if any(table in made for reads in stage.values() for table in reads):
            waiting = [table for later in stages[position:] for writes in later for table in writes]
            after = " ".join(f"source:{table}+" for table in waiting)
            return Part("middle" if position else "first", ["--indirect-selection", "eager", "--exclude", after])
    return Part("last", ["--indirect-selection", "eager"])
