"""The insight page: the ten that matter most, each with its chart, the rows behind it and what to do, and where to look further."""

from __future__ import annotations

import html
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from intelligence.insights.discovery import JUDGED_DAYS, Discovered
from intelligence.pages import chart, svg, table, write_html


def write_page(
    path: Path, shown: pd.DataFrame, found: pd.DataFrame, discovered: Discovered, metrics: pd.DataFrame, as_of: datetime
) -> Path:
    """Write the page of one look at the metrics.

    Args:
        path: where to.
        shown: the rows of `found` that are shown, in order.
        found: insights.found of this look.
        discovered: the look.
        metrics: metrics.insight_metrics.
        as_of: the moment it speaks for.
    """
    about = metrics.set_index("metric")
    body = [f"<h1>What changed: insights of {as_of:%-d %B %Y}</h1>", _summary(found, shown, discovered)]
    body += [_insight(place, row, discovered, about) for place, row in enumerate(shown.itertuples(), start=1)]
    body += [_further(discovered), _method()]
    return write_html(path, "Insights", body)


def _summary(found: pd.DataFrame, shown: pd.DataFrame, discovered: Discovered) -> str:
    judged = int(discovered.series["state"].eq("judged").sum())
    looked = (
        f"{len(discovered.series):,} series were looked through, {judged:,} of them move enough to be judged by day."
    )
    if found.empty:
        return f"<p>{looked} Nothing in the last {JUDGED_DAYS} days, and no trend or correlation, stood out from chance.</p>"
    kinds = found.groupby("kind").agg(
        insights=("kind", "size"), confidence=("confidence", "mean"), impact=("impact_usd", "sum")
    )
    rows = [
        (kind, f"{int(row.insights):,}", f"{row.confidence:.1%}", f"{row.impact:+,.0f}" if row.impact else "")
        for kind, row in kinds.iterrows()
    ]
    hidden = int(found["is_dismissed"].sum())
    dismissed = f" {hidden} that somebody found not useful {'is' if hidden == 1 else 'are'} left out." if hidden else ""
    first = "".join(f"<li>{html.escape(title)}</li>" for title in shown["title"].head(3))
    return f"<p>{looked}{dismissed}</p><ul>{first}</ul>" + table(
        ["Kind", "Insights", "Mean confidence", "Worth (US dollars)"], rows
    )


def _insight(place: int, row: object, discovered: Discovered, about: pd.DataFrame) -> str:
    insight = pd.Series(row._asdict())  # type: ignore[attr-defined]
    points = discovered.points[discovered.points["insight_id"] == insight["insight_id"]]
    signs = [f"confidence {insight['confidence']:.1%}", f"priority {insight['priority']} of 5"]
    if isinstance(insight["impact_words"], str):
        signs.insert(0, insight["impact_words"])
    if insight["first_found_at"] < insight["found_at"]:
        signs.append(f"first told on {insight['first_found_at']:%-d %B}")
    action = insight["suggested_action"]
    todo = f"<p><b>To do:</b> {html.escape(action)}.</p>" if isinstance(action, str) and action else ""
    with_it = discovered.evidence[
        (discovered.evidence["insight_id"] == insight["insight_id"]) & ~discovered.evidence["is_root"].astype(bool)
    ].sort_values("p_value")
    rows = [
        (
            f"{about.loc[other.metric, 'words']}"
            + ("" if other.segment_by == "all" else f", {other.segment_by} {other.segment}"),
            f"{other.change:+.0%}" if np.isfinite(other.change) else "",
            f"{pd.Timestamp(other.started_on):%-d %b}",
        )
        for other in with_it.head(8).itertuples()
    ]
    moved = "<h3>Moved with it</h3>" + table(["", "Change", "Since"], rows) if rows else ""
    return (
        f"<h2 id='{insight['insight_id']}'>{place}. {html.escape(insight['title'])}</h2><p>{html.escape(insight['description'])}</p>"
        f"<p class='state'>{html.escape('; '.join(signs))}</p>{todo}"
        + (svg(_chart(points, insight, about)) if len(points) else "")
        + moved
        + f"<details><summary>The rows behind it</summary><pre>{html.escape(insight['rows_query'])}</pre>"
        f"<p>Was it useful? <code>customer-analytics insights --useful {insight['insight_id']}</code> or "
        f"<code>--not-useful {insight['insight_id']}</code></p></details>"
    )


def _chart(points: pd.DataFrame, insight: pd.Series, about: pd.DataFrame) -> Figure:
    figure, axes = chart("", (8.4, 2.4))
    days = pd.to_datetime(points["date_day"]).to_numpy()
    if points["expected"].notna().any():
        axes.fill_between(
            days, points["low"].astype(float), points["high"].astype(float), color="#4878a8", alpha=0.15, linewidth=0
        )
        axes.plot(days, points["expected"].astype(float), color="#4878a8", linewidth=0.8, label="expected")
    axes.plot(days, points["metric_value"].astype(float), color="#333", linewidth=1.2, label="measured")
    if insight["kind"] == "anomaly":
        within = (days >= np.datetime64(insight["started_on"])) & (days <= np.datetime64(insight["ended_on"]))
        axes.plot(days[within], points["metric_value"].astype(float)[within], "o", color="#d1615d", markersize=5)
    axes.set_ylabel(str(about.loc[insight["metric"], "unit"]), fontsize=8)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _further(discovered: Discovered) -> str:
    if discovered.suggestions.empty:
        return ""
    rows = "".join(
        f"<li>{html.escape(row.suggestion)}<details><summary>query</summary><pre>{html.escape(row.rows_query)}</pre></details></li>"
        for row in discovered.suggestions.itertuples()
    )
    return f"<h2>Where to look further</h2><ul>{rows}</ul>"


def _method() -> str:
    return (
        f"<h2>How it is found</h2><p>Each of the last {JUDGED_DAYS} days is compared with the same weekdays of six weeks and with the day before; "
        "how far off is unusual is read off the series' own past, and over all series and days the share of chance among what is told is kept below "
        "3 % (anomalies) and 5 % (trends, correlations). What moved for one cause is told once. docs/explanation/insights.md says more.</p>"
    )
