"""Values as they stand in SQL text, where a statement takes no parameters."""

from __future__ import annotations

import re
from pathlib import Path


def sql_literal(text: str) -> str:
    """The text as a literal of SQL, in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def glob_literal(path: str | Path, pattern: str = "*.parquet") -> str:
    """A literal of SQL for the files of a folder that fit a pattern; signs of patterns in the folder's own name mean themselves."""
    folder = re.sub(r"([*?\[])", r"[\1]", str(path))
    return sql_literal(f"{folder}/{pattern}" if pattern else folder)
