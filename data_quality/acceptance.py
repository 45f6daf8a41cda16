"""What people accept although an expectation stops it: kept as lines of a file in the data folder, which outlives the warehouse."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from ingestion.json_lines import append_line, filled_lines

COLUMNS = ("accept_id", "given_by", "given_at", "note", "accepted")


def acceptance_file(data_dir: Path) -> Path:
    """Where the lines are kept: JSON, so that a broken one harms no other."""
    return data_dir / "feedback" / "quality.jsonl"


def accept(data_dir: Path, accept_id: str, given_by: str, note: str, accepted: str) -> Path:
    """Add a line; `accepted` is the sentence that was accepted."""
    path = acceptance_file(data_dir)
    said = (accept_id, given_by, datetime.now(UTC).isoformat(timespec="seconds"), note, accepted)
    append_line(path, dict(zip(COLUMNS, said, strict=True)))
    return path


def accepted_ids(data_dir: Path) -> dict[str, str]:
    """Who accepted what: names by accept_id. A line that is not understood accepts nothing."""
    found: dict[str, str] = {}
    for _, line in filled_lines(acceptance_file(data_dir)):
        try:
            said = json.loads(line)
            found[str(said["accept_id"])] = str(said["given_by"])
        except (ValueError, KeyError, TypeError):
            continue
    return found
