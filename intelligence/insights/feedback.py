"""What people said of insights: kept as lines of a file in the data folder, which outlives the warehouse, and used in ranking."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ingestion.json_lines import append_line, filled_lines

COLUMNS = ("insight_id", "verdict", "given_by", "given_at", "note")
VERDICTS = ("useful", "not_useful")
#: Verdicts that every kind of insight of a metric starts with: half of them useful.
PRIOR = 4


def feedback_file(data_dir: Path) -> Path:
    """Where the lines are kept: JSON, so that a broken one harms no other."""
    return data_dir / "feedback" / "insights.jsonl"


def give_feedback(data_dir: Path, insight_id: str, verdict: str, given_by: str, note: str = "") -> Path:
    """Add a line. Raises ValueError for a verdict that is none."""
    if verdict not in VERDICTS:
        raise ValueError(f"the verdict is {verdict!r}; it must be one of {', '.join(VERDICTS)}")
    path = feedback_file(data_dir)
    said = (insight_id, verdict, given_by, datetime.now(UTC).isoformat(timespec="seconds"), note)
    append_line(path, dict(zip(COLUMNS, said, strict=True)))
    return path


def read_feedback(data_dir: Path) -> tuple[pd.DataFrame, Sequence[str]]:
    """The lines, and what is wrong with those that cannot be used, in words.

    Returns:
        insight_id, verdict, given_by, given_at (UTC), note; the last verdict of a person on an insight.
    """
    path = feedback_file(data_dir)
    rows: list[list[object]] = []
    problems: list[str] = []
    for number, line in filled_lines(path):
        row = _understood(line)
        if row is None:
            problems.append(f"{path}:{number}: not understood and left out: {line[:200]}")
        else:
            rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["given_at"] = pd.to_datetime(table["given_at"])
    return table.drop_duplicates(["insight_id", "given_by"], keep="last", ignore_index=True), problems


def _understood(line: str) -> list[object] | None:
    try:
        said = json.loads(line)
        at = pd.to_datetime(said["given_at"], utc=True).tz_localize(None)
        row = [str(said[name]) for name in COLUMNS]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if said["verdict"] not in VERDICTS or at is pd.NaT:
        return None
    return [*row[:3], at, row[4]]


def usefulness(feedback: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    """How useful people found earlier insights of a kind and metric, against an even chance.

    Args:
        feedback: as `read_feedback` gives it.
        found: insight_id, kind, metric of all insights there ever were.

    Returns:
        By kind and metric: 0 to 2, where 1 says nothing; drawn towards 1 as long as there are few verdicts.
    """
    said = feedback.merge(found[["insight_id", "kind", "metric"]].drop_duplicates("insight_id"), on="insight_id")
    useful = said["verdict"].eq("useful").groupby([said["kind"], said["metric"]]).agg(["sum", "size"])
    return (2 * (useful["sum"] + PRIOR / 2) / (useful["size"] + PRIOR)).rename("usefulness")
