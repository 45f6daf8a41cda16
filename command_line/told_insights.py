"""`customer-analytics insights`: what the release says has changed, and what people say of it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape

from intelligence.insights.feedback import give_feedback
from publishing.reading import connect


class InsightsError(Exception):
    """Insights cannot be shown or judged; the message says why and what to do."""


def open_release(data_dir: Path) -> duckdb.DuckDBPyConnection:
    """The published marts, read-only. Raises InsightsError if there are none, or none with insights."""
    marts = data_dir / "published" / "marts.duckdb"
    if not marts.exists():
        raise InsightsError(f"There is no release in {data_dir}; run `customer-analytics run` first.")
    con = connect(marts)
    there = con.execute(
        "select count(*) from information_schema.tables where table_schema = 'gold' and table_name = 'fct_insights'"
    ).fetchall()
    if not there[0][0]:
        con.close()
        raise InsightsError(f"The release in {data_dir} is older than insights; run `customer-analytics run` first.")
    return con


def print_insights(console: Console, con: duckdb.DuckDBPyConnection, most: int) -> None:
    """The most important ones, with what to do; says so if there are none."""
    rows = con.execute(
        "select insight_rank, insight_id, title, description, impact_words, confidence, suggested_action, is_first_time from gold.fct_insights "
        "where insight_rank <= ? order by insight_rank",
        [most],
    ).fetchall()
    if not rows:
        console.print(
            "There are no insights: nothing stood out from chance, or nobody has looked yet (`customer-analytics run` does, `dbt build` does not).",
            soft_wrap=True,
        )
    for rank, insight_id, title, description, impact, confidence, action, first_time in rows:
        console.print(
            f"\n{rank}. {escape(title)}{' (not told before)' if first_time else ''}", style="bold", soft_wrap=True
        )
        signs = "; ".join(part for part in (impact, f"confidence {confidence:.1%}", insight_id) if part)
        lines = [*textwrap.wrap(description, 110), signs, *([f"To do: {action}"] if action else [])]
        for line in lines:
            console.print(f"   {escape(line)}", soft_wrap=True, highlight=False)
    suggestions = con.execute("select suggestion from gold.fct_exploration_suggestions order by all").fetchall()
    if suggestions:
        console.print("\nWhere to look further (the queries stand in gold.fct_exploration_suggestions):")
        for (suggestion,) in suggestions:
            console.print(f"   {escape(suggestion)}", soft_wrap=True, highlight=False)


def judge(con: duckdb.DuckDBPyConnection, data_dir: Path, insight_id: str, verdict: str, who: str, note: str) -> str:
    """Keep a verdict and give the sentence that says so. Raises InsightsError if the release knows no such insight."""
    known = con.execute("select title from gold.fct_insights where insight_id = ?", [insight_id]).fetchall()
    if not known:
        raise InsightsError(
            f"There is no insight {insight_id} in the release; `customer-analytics insights` shows those there are, with their ids."
        )
    path = give_feedback(data_dir, insight_id, verdict, who, note)
    return f"kept in {path}: {who} found it {verdict.replace('_', ' ')}: {known[0][0]}. The next run takes it in."
