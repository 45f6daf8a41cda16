"""The insights step on a warehouse: looks for what nobody asked about in the daily metrics, keeps what was found and what people said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from intelligence.insights.discovery import TOP, discover
from intelligence.insights.feedback import read_feedback, usefulness
from intelligence.insights.page import write_page
from intelligence.insights.tables import SCHEMA, TABLES
from intelligence.warehouse import Step, StepReport, replace_rows

SERIES = "metrics.metric_series"
METRICS = "metrics.insight_metrics"
AS_OF = "silver.as_of"


def _look(con: duckdb.DuckDBPyConnection, data_dir: Path, retrain: bool, tell: Callable[[str], None]) -> StepReport:
    as_of = con.execute(f"select as_of from {AS_OF}").fetchall()[0][0]
    series = con.execute(f"select metric, segment_by, segment, date_day, metric_value from {SERIES}").df()
    metrics = con.execute(f"from {METRICS} order by metric").df()
    # Two runs at one as_of say the same: what an earlier one found at this moment, or later, is not history.
    ever = con.execute(f"from {SCHEMA}.found").df()
    earlier = ever[ever["found_at"] < as_of]
    feedback, problems = read_feedback(data_dir)
    for problem in problems:
        tell(problem)
    tell(f"looking for insights in {series[['metric', 'segment_by', 'segment']].drop_duplicates().shape[0]:,} series")
    said = usefulness(feedback, ever)
    discovered = discover(series, metrics, said)
    found = discovered.found.assign(found_at=as_of)
    first = dict(zip(earlier["insight_id"], earlier["first_found_at"], strict=True))
    found["first_found_at"] = [first.get(insight, as_of) for insight in found["insight_id"]]
    found["is_dismissed"] = found["insight_id"].isin(_dismissed(feedback))
    # What is found no more stays, with the last moment at which it was.
    gone = earlier[~earlier["insight_id"].isin(found["insight_id"])]
    con.execute("begin")
    replace_rows(con, f"{SCHEMA}.found", found)
    replace_rows(con, f"{SCHEMA}.found", gone, keep="true")
    replace_rows(con, f"{SCHEMA}.evidence", discovered.evidence)
    replace_rows(con, f"{SCHEMA}.points", discovered.points)
    replace_rows(con, f"{SCHEMA}.series", discovered.series.assign(looked_at=as_of))
    replace_rows(con, f"{SCHEMA}.suggestions", discovered.suggestions)
    replace_rows(con, f"{SCHEMA}.feedback", feedback)
    con.execute("commit")
    shown = found[~found["is_dismissed"].astype(bool)].head(TOP)
    path = data_dir / "reports" / f"insights_{as_of:%Y-%m-%d}.html"
    page = write_page(path, shown, found, discovered, metrics, as_of)
    kinds = found["kind"].value_counts()
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing out of the ordinary"
    judged = int(discovered.series["state"].eq("judged").sum())
    return StepReport(
        sentence=f"looked through {len(discovered.series):,} series for insights: {told}",
        figures={
            "series": len(discovered.series),
            "judged": judged,
            "insights": len(found),
            **{str(k): int(n) for k, n in kinds.items()},
        },
        page=page,
    )


def _dismissed(feedback: pd.DataFrame) -> list[str]:
    """Insights that more people found not useful than useful."""
    useful = feedback["verdict"].map({"useful": 1, "not_useful": -1}).groupby(feedback["insight_id"]).sum()
    return list(useful.index[useful < 0])


STEP = Step(
    name="insights",
    asset="find_insights",
    description="What changed that nobody asked about: anomalies, trends and correlations of daily metrics, with the rows behind each.",
    purpose="look for insights in",
    reads=(SERIES, METRICS, AS_OF),
    schema=SCHEMA,
    tables=TABLES,
    work=_look,
)
