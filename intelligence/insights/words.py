"""Insights in sentences, and the query that shows the rows behind them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from intelligence.insights.grouping import EVERYTHING

#: From here on a change is told in times and not in percent.
MANY_TIMES = 3.0


def rows_query(metric: pd.Series, segment_by: str, segment: str, first: Any, last: Any) -> str:
    """The query that shows the rows that made a metric's values in a segment from the first to the last day (a row of insight_metrics)."""
    conditions = [f"cast({metric['rows_time']} as date) between date '{first:%Y-%m-%d}' and date '{last:%Y-%m-%d}'"]
    if isinstance(metric["rows_where"], str):
        conditions.append(f"({metric['rows_where']})")
    if segment_by != EVERYTHING:
        value = str(segment).replace("'", "''")
        if segment_by in str(metric["segments_of_accounts"]).split(","):
            conditions.append(
                f"coalesce((select max(accounts.{segment_by}) from entity.entity_customers as accounts "
                f"where accounts.customer_id = counted.customer_id), 'unknown') = '{value}'"
            )
        else:
            conditions.append(f"coalesce(counted.{segment_by}, 'unknown') = '{value}'")
    return f"select counted.* from {metric['rows_table']} as counted where {' and '.join(conditions)}"


def anomaly_words(row: Any, metric: pd.Series, others: pd.DataFrame, about: pd.DataFrame) -> tuple[str, str]:
    """Title and description of a day or days out of the ordinary."""
    when = _when(row.started_on, row.ended_on)
    name = _name(metric, row.segment_by, row.segment)
    # `change` is missing where nothing was expected at all.
    title = f"{_first_upper(name)} {_beside_expected(row)} what was to be expected {when}"
    of = (
        {"sum": "", "ratio": " on average", "level": " on average"}[metric["kind"]]
        if row.started_on != row.ended_on
        else ""
    )
    text = (
        f"{_number(row.metric_value, metric['unit'])}{of} instead of some {_number(row.expected, metric['unit'])}, by the same weekdays of the "
        f"weeks before and the day before.{_with_it(others, about)}"
    )
    return title, text


def _beside_expected(row: Any) -> str:
    if pd.isna(row.change):
        return "beyond"
    if row.change >= MANY_TIMES:
        return f"{row.change + 1:,.0f} times"
    return f"{abs(row.change):.0%} {'above' if row.difference > 0 else 'below'}"


def trend_words(row: Any, metric: pd.Series, others: pd.DataFrame, about: pd.DataFrame) -> tuple[str, str]:
    """Title and description of a trend."""
    name = _name(metric, row.segment_by, row.segment)
    way = "up" if row.difference > 0 else "down"
    change = f"{abs(row.change):.0%}" if pd.notna(row.change) else "clearly"
    weeks = round(((row.ended_on - row.started_on).days + 1) / 7)
    title = f"{_first_upper(name)} went {way} {change} in {weeks} weeks"
    text = (
        f"From {_number(row.expected, metric['unit'])} to {_number(row.metric_value, metric['unit'])} a day; if it goes on, "
        f"{_number(row.forecast, metric['unit'])} in four weeks (nine chances in ten: {_number(row.forecast_low, metric['unit'])} to "
        f"{_number(row.forecast_high, metric['unit'])}).{_with_it(others, about)}"
    )
    if metric["kind"] != "sum":
        text = text.replace(" a day; if", "; if")
    return title, text


def correlation_words(row: Any, leading: pd.Series, following: pd.Series) -> tuple[str, str]:
    """Title and description of two metrics that move together."""
    way = "together" if row.correlation > 0 else "against each other"
    when = (
        "on the same day"
        if row.lag_days == 0
        else f"the second {row.lag_days} day{'s' if row.lag_days > 1 else ''} later"
    )
    title = f"{_first_upper(leading['words'])} and {following['words']} move {way}, {when}"
    text = (
        f"Rank correlation {row.correlation:.2f} of what was new in both over {row.days} days, season and inertia taken out. That they go together "
        "does not say that one makes the other."
    )
    return title, text


def explore_segment(metric: pd.Series, row: Any, part: pd.Series, share: float, segment_by: str) -> tuple[str, str]:
    """That a segment makes most of a difference, and the query that shows its rows."""
    words = (
        f"{_first_upper(metric['words'])} by {_plain(segment_by)}: {part['segment']} makes {min(share, 9.99):.0%} of the change since "
        f"{row.started_on:%-d %B}"
    )
    return words, rows_query(metric, segment_by, part["segment"], row.started_on, row.ended_on)


def explore_unjudged(metric: pd.Series) -> tuple[str, str]:
    """That a metric could not be judged."""
    words = f"{_first_upper(metric['words'])} cannot be judged by day (too few days, or the same on most): look at it by week or month"
    query = (
        "select date_trunc('week', date_day) as week, avg(metric_value) as metric_value from metrics.metric_series "
        f"where metric = '{metric.name}' and segment_by = 'all' group by 1 order by 1"
    )
    return words, query


def _with_it(others: pd.DataFrame, about: pd.DataFrame) -> str:
    if others.empty:
        return ""
    told = others.sort_values("p_value").head(3)
    parts = [
        f"{_name(about.loc[row.metric], row.segment_by, row.segment)} ({row.change:+.0%})"
        if pd.notna(row.change)
        else _name(about.loc[row.metric], row.segment_by, row.segment)
        for row in told.itertuples()
    ]
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f" With it moved: {', '.join(parts)}{more}."


def _name(metric: pd.Series, segment_by: str, segment: str) -> str:
    return str(metric["words"]) if segment_by == EVERYTHING else f"{metric['words']} ({_plain(segment_by)} {segment})"


def _plain(column: str) -> str:
    return column.removeprefix("customer_").replace("_", " ")


def _when(first: Any, last: Any) -> str:
    return f"on {first:%-d %B}" if first == last else f"from {first:%-d %B} to {last:%-d %B}"


def _number(value: float, unit: str) -> str:
    if not pd.notna(value):
        return "not known"
    if unit == "ratio":
        return f"{value:.1%}"
    if value == round(value):
        return f"{value:,.0f} {unit.removesuffix('s') if abs(value) == 1 else unit}"
    size = abs(value)
    return f"{value:,.0f} {unit}" if size >= 100 else f"{value:,.1f} {unit}" if size >= 1 else f"{value:,.2f} {unit}"


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
