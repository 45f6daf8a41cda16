"""Values as they stand in SQL text, where a statement takes no parameters."""

from __future__ import annotations


def sql_literal(text: str) -> str:
    """The text as a literal of SQL, in single quotes."""
    return "'" + text.replace("'", "''") + "'"
