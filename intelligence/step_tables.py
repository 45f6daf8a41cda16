"""The tables of the Python steps that read texts and that learn. They are made, empty, before the first model, by a process that need not load
what the steps need.
"""

from __future__ import annotations

import duckdb

from intelligence.attribution import tables as attribution
from intelligence.churn import tables as churn
from intelligence.insights import tables as insights
from intelligence.lifetime_value import tables as lifetime_value
from intelligence.text import tables as text
from intelligence.warehouse import create_tables

STEPS = (text, attribution, churn, lifetime_value, insights)


def create_step_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make them where they are missing."""
    for step in STEPS:
        create_tables(con, step.SCHEMA, step.TABLES)
