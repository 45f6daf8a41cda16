"""What people said of insights: kept as lines of a file in the data folder, which outlives the warehouse, and used in ranking."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

COLUMNS = ("insight_id", "verdict", "given_by", "given_at", "note")
VERDICTS = ("useful", "not_useful")
#: Verdicts that every kind of insight of a metric starts with: half of them useful.
PRIOR = 4


def feedback_file(data_dir: Path) -> Path:
    """Where the lines are kept."""
    return data_dir / "feedback" / "insights.csv"


def give_feedback(data_dir: Path, insight_id: str, verdict: str, given_by: str, note: str = "") -> Path:
    """Add a line. Raises ValueError for a verdict that is none."""
    if verdict not in VERDICTS:
        raise ValueError(f"the verdict is {verdict!r}; it must be one of {', '.join(VERDICTS)}")
    path = feedback_file(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    begins = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if begins:
            writer.writerow(COLUMNS)
        writer.writerow([insight_id, verdict, given_by, datetime.now(UTC).isoformat(timespec="seconds"), note])
    return path


def read_feedback(data_dir: Path) -> tuple[pd.DataFrame, Sequence[str]]:
    """The lines, and what is wrong with those that cannot be used, in words.

    Returns:
        insight_id, verdict, given_by, given_at (UTC), note; the last verdict of a person on an insight.
    """
    path = feedback_file(data_dir)
    rows: list[list[str]] = []
    problems: list[str] = []
    if path.exists():
        with path.open(newline="", errors="replace") as file:
            for line in csv.reader(file):
                if tuple(line) == COLUMNS or not line:
                    continue
                at = pd.to_datetime(line[3], errors="coerce", utc=True) if len(line) == len(COLUMNS) else pd.NaT
                if len(line) != len(COLUMNS) or line[1] not in VERDICTS or at is pd.NaT:
                    problems.append(f"{path}: not understood and left out: {','.join(line)[:200]}")
                    continue
                rows.append([*line[:3], at.tz_localize(None), line[4]])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["given_at"] = pd.to_datetime(table["given_at"])
    return table.drop_duplicates(["insight_id", "given_by"], keep="last", ignore_index=True), problems


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
