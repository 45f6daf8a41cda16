"""Lines of JSON in a file of the data folder, which outlives the warehouse: what people say of what they were shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def append_line(path: Path, said: Mapping[str, Any]) -> None:
    """Add an object as a line of its own; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        # Somebody may have left the last line without its end.
        if file.tell():
            file.seek(-1, 2)
            unfinished = file.read(1) != b"\n"
            file.write(b"\n" if unfinished else b"")
        file.write((json.dumps(said) + "\n").encode())


def filled_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not blank, with their numbers; none if there is no file."""
    lines = path.read_bytes().decode(errors="replace").split("\n") if path.exists() else []
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
