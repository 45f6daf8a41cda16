"""From daily values of metrics and segments to what is worth knowing: found, sized, grouped to its cause, ranked, with the rows behind it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from intelligence.insights.anomalies import find_anomalies
from intelligence.insights.correlations import find_correlations
from intelligence.insights.grouping import EVERYTHING, families, group_to_roots
from intelligence.insights.series import FEWEST_DAYS, Surprises, take_apart
from intelligence.insights.trends import find_trends
from intelligence.insights.words import (
    anomaly_words,
    correlation_words,
    explore_segment,
    explore_unjudged,
    rows_query,
    trend_words,
)

#: Days that are judged, and days after which what was found on one of them counts half.
JUDGED_DAYS = 14
HALF_LIFE_DAYS = 7
#: Changes in size below which nothing is told: a twentieth of the customers is news, a twentieth of the sessions of a day is not.
LEAST_CHANGE = {"sum": 0.1, "ratio": 0.1, "level": 0.01, "mean": 0.02}
LEAST_TREND = {"sum": 0.05, "ratio": 0.05, "level": 0.02, "mean": 0.03}
#: Kinds of metrics that stay where they are until something moves them, and kinds that add up over segments.
STANDING = ("level", "mean")
ADDING_UP = ("sum", "level")
#: Share of what is found that may be chance.
ANOMALY_RATE = 0.03
TREND_RATE = 0.05
#: What a unit is worth is read off so many days before.
WORTH_DAYS = 90
#: A correlation says nothing of what to do: it counts so much of a change of its size.
CORRELATION_WEIGHT = 0.5
TOP = 10
#: Days of a chart, and of that of a trend.
SHOWN_DAYS, TREND_DAYS = 120, 182


@dataclass(frozen=True)
class Discovered:
    """What was found, as the tables of the step are laid out (intelligence.insights.tables), but for what earlier runs and people said.

    Attributes:
        found: one row per insight, the most important first.
        evidence: one row per insight and finding that it explains.
        points: one row per insight of the top and day.
        series: one row per series that there is.
        suggestions: what to look at next.
    """

    found: pd.DataFrame
    evidence: pd.DataFrame
    points: pd.DataFrame
    series: pd.DataFrame
    suggestions: pd.DataFrame


def discover(series: pd.DataFrame, metrics: pd.DataFrame, usefulness: pd.Series | None = None) -> Discovered:
    """Look for anomalies, trends and correlations.

    Args:
        series: metric, segment_by, segment, date_day, metric_value; one row per series and day (metrics.metric_series).
        metrics: metric, words, unit, kind, follows, rows_table, rows_time, rows_where, segments_of_rows, segments_of_accounts, priority, better,
            usd_per_unit, usd_from, action_if_up, action_if_down (metrics.insight_metrics).
        usefulness: by kind and metric, 0 to 2: what people said of earlier insights.

    Importance is priority / 5 x confidence x magnitude x usefulness, and for anomalies half as much for each week they lie back. Confidence is
    1 less the share of chance among all that is at least so surprising. Magnitude is the relative change (at most 1) times the root of the
    segment's share in the metric; for correlations half of their size.
    """
    about = metrics.set_index("metric")
    known = series[series["metric"].isin(about.index)]
    catalogue, values = _as_table(known)
    # Before the first row there was nothing to count: days of 0 at the beginning are no past.
    added_up = catalogue["metric"].map(about["kind"]).eq("sum").to_numpy(dtype=bool)
    not_begun = values.fillna(0).ne(0).cumsum().eq(0).to_numpy(dtype=bool)
    values = values.mask(not_begun & added_up)
    levels = catalogue["stands"] = catalogue["metric"].map(about["kind"]).isin(STANDING)
    steps = values.copy()
    steps.loc[:, levels] = values.loc[:, levels].diff()
    apart = take_apart(steps, judged_days=JUDGED_DAYS)
    worth = _worth(catalogue, values, about)
    findings = pd.concat(
        [
            _anomalies(apart, values, catalogue, about),
            _trends(values, catalogue, about),
        ],
        ignore_index=True,
    )
    for kind in ("anomaly", "trend"):
        of_kind = findings[findings["kind"] == kind]
        findings.loc[of_kind.index, "root"] = group_to_roots(of_kind, about, in_one_place=kind == "trend")
    told = [
        _tell(findings, catalogue, values, about, worth),
        _tell_correlations(apart, values, catalogue, about),
    ]
    found = pd.concat([table for table in told if len(table)], ignore_index=True) if any(map(len, told)) else _nothing()
    found = _ranked(found, usefulness, values.index[-1] if len(values) else pd.NaT)
    evidence = _evidence(findings, found)
    return Discovered(
        found.drop(columns=["series", "place"], errors="ignore"),
        evidence,
        _points(found.head(TOP), apart, values, levels),
        _states(catalogue, values, apart),
        _suggestions(found.head(TOP), findings, catalogue, values, apart, about),
    )


def _as_table(series: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The series as a table of days x series, and by the number of each series what it is."""
    keys = ["metric", "segment_by", "segment"]
    catalogue = series[keys].drop_duplicates().sort_values(keys, ignore_index=True)
    numbered = series.merge(catalogue.reset_index(names="series"), on=keys)
    values = numbered.pivot(index="date_day", columns="series", values="metric_value")
    values.index = pd.DatetimeIndex(pd.to_datetime(values.index))
    if len(values):
        values = values.reindex(pd.date_range(values.index[0], values.index[-1], name="date_day"))
    return catalogue, values.reindex(columns=catalogue.index).astype(float)


def _worth(catalogue: pd.DataFrame, values: pd.DataFrame, about: pd.DataFrame) -> pd.Series:
    """What a unit of each metric is worth (US dollars), by what the seed says or the past shows."""
    whole = catalogue[catalogue["segment_by"] == EVERYTHING]
    past = values[whole.index].iloc[-JUDGED_DAYS - WORTH_DAYS : -JUDGED_DAYS].mean()
    mean = past.groupby(whole["metric"]).first()
    measured = about["usd_from"].map(mean) / mean.reindex(about.index).replace(0, np.nan)
    return about["usd_per_unit"].astype(float).fillna(measured)


def _anomalies(apart: Surprises, values: pd.DataFrame, catalogue: pd.DataFrame, about: pd.DataFrame) -> pd.DataFrame:
    """Days out of the ordinary, those that follow each other in a series and go the same way as one."""
    days = find_anomalies(apart, judged_days=JUDGED_DAYS, false_discovery_rate=1.0)
    if days.empty:
        return days.reindex(columns=["kind", *FINDING])
    days = days.merge(catalogue, left_on="series", right_index=True)
    days = _by_families(days.assign(family=days["metric"].map(families(about)[1])))
    if days.empty:
        return days.reindex(columns=["kind", *FINDING])
    before = values.shift(1).stack(future_stack=True)
    yesterday = before.reindex(pd.MultiIndex.from_frame(days[["date_day", "series"]])).to_numpy()
    # What was taken apart of a level is its step from the day before.
    step = np.where(days["stands"], np.nan_to_num(yesterday), 0.0)
    days["value"], days["expected"] = days["value"] + step, days["expected"] + step
    days["difference"] = days["value"] - days["expected"]
    days["change"] = days["difference"] / days["expected"].abs().replace(0, np.nan)
    least = days["metric"].map(about["kind"]).map(LEAST_CHANGE)
    days = days[~(days["change"].abs() < least)].sort_values(["series", "date_day"])
    upward = days["difference"] > 0
    breaks = (days["series"] != days["series"].shift()) | (upward != upward.shift())
    breaks |= days["date_day"] - days["date_day"].shift() != pd.Timedelta(days=1)
    runs = days.assign(run=breaks.cumsum(), days=1).groupby("run")
    adds = days["metric"].map(about["kind"]).eq("sum").groupby(breaks.cumsum()).first()
    table = runs.agg(
        series=("series", "first"),
        metric=("metric", "first"),
        segment_by=("segment_by", "first"),
        segment=("segment", "first"),
        started_on=("date_day", "min"),
        ended_on=("date_day", "max"),
        metric_value=("value", "sum"),
        expected=("expected", "sum"),
        days=("days", "sum"),
        p_value=("p_value", "min"),
        q_value=("q_value", "min"),
    )
    # Sums of days add up; of ratios and levels the mean of the days is told.
    for column in ("metric_value", "expected"):
        table[column] = table[column] / np.where(adds, 1, table["days"])
    table["difference"] = table["metric_value"] - table["expected"]
    table["change"] = table["difference"] / table["expected"].abs().replace(0, np.nan)
    return table.drop(columns="days").assign(kind="anomaly")


def _by_families(days: pd.DataFrame) -> pd.DataFrame:
    """The days that are out of the ordinary, asked in families from the whole to its parts (Yekutieli 2008).

    The few wholes are asked first, so that they are not drowned by the chances of all their segments; then the segments of what was found and of
    the metrics that move with it, on the days on which it was, to see where it comes from; then all other segments. The rate holds in each family.
    """
    whole = days["segment_by"] == EVERYTHING
    found = _asked(days[whole])
    where = ["family", "date_day"]
    of_found = pd.MultiIndex.from_frame(days[where]).isin(pd.MultiIndex.from_frame(found[where]))
    return pd.concat([found, _asked(days[~whole & of_found]), _asked(days[~whole & ~of_found])], ignore_index=True)


def _asked(family: pd.DataFrame) -> pd.DataFrame:
    if family.empty:
        return family
    asked = family.assign(q_value=multipletests(family["p_value"], method="fdr_bh")[1])
    return asked[asked["q_value"] <= ANOMALY_RATE]


def _trends(values: pd.DataFrame, catalogue: pd.DataFrame, about: pd.DataFrame) -> pd.DataFrame:
    levels = catalogue.index[catalogue["stands"]]
    # A series that began or ended within the time has no trend but a beginning.
    lasting = values.iloc[-TREND_DAYS:].notna().mean() > 0.5
    found = find_trends(
        values.loc[:, lasting[lasting].index], false_discovery_rate=TREND_RATE, least_change=0.0, levels=set(levels)
    )
    if found.empty:
        return pd.DataFrame(columns=["kind", *FINDING])
    found = found.merge(catalogue, left_on="series", right_index=True)
    found = found[found["change"].abs() >= found["metric"].map(about["kind"]).map(LEAST_TREND)]
    last = values.index[-1]
    return found.rename(columns={"level": "metric_value", "first_level": "expected"}).assign(
        kind="trend",
        started_on=[last - pd.Timedelta(days=7 * int(weeks) - 1) for weeks in found["weeks"]],
        ended_on=last,
        difference=lambda table: table["metric_value"] - table["expected"],
    )


FINDING = [
    *("series", "metric", "segment_by", "segment", "started_on", "ended_on", "metric_value", "expected", "difference", "change"),
    *("p_value", "q_value"),
]  # fmt: skip


def _tell(
    findings: pd.DataFrame, catalogue: pd.DataFrame, values: pd.DataFrame, about: pd.DataFrame, worth: pd.Series
) -> pd.DataFrame:
    """The roots of the findings, as insights."""
    if findings.empty:
        return _nothing()
    roots = findings[findings["root"] == findings.index].copy()
    metric = about.loc[roots["metric"]].reset_index(drop=True)
    metric.index = roots.index
    upward = roots["difference"] > 0
    roots["direction"] = np.where(upward, "up", "down")
    roots["is_good"] = np.where(metric["better"] == "neither", None, upward == (metric["better"] == "higher"))
    roots["evidence"] = findings.groupby("root").size().reindex(roots.index)
    # A sum that has risen by so much a day brings thirty times as much a month; a level stands for a month itself.
    per_month = np.where((roots["kind"] == "trend") & (metric["kind"] == "sum"), 30.0, 1.0)
    usd = roots["metric"].map(worth) * roots["difference"] * per_month
    roots["impact_usd"] = usd.where(metric["kind"].isin(ADDING_UP))
    by_month = (roots["kind"] == "trend") | (metric["kind"] == "level")
    roots["impact_words"] = [
        f"{'about ' if measured else ''}{value:+,.0f} US dollars{' a month' if month else ''}"
        if np.isfinite(value)
        else None
        for value, month, measured in zip(roots["impact_usd"], by_month, metric["usd_per_unit"].isna(), strict=True)
    ]
    roots["confidence"] = 1 - roots["q_value"]
    roots["priority"] = metric["priority"]
    share = _share(roots, catalogue, values, about)
    roots["magnitude"] = roots["change"].abs().fillna(1).clip(upper=1) * np.sqrt(share)
    roots["suggested_action"] = np.where(upward, metric["action_if_up"], metric["action_if_down"])
    roots["rows_query"] = [
        rows_query(about.loc[row.metric], row.segment_by, row.segment, row.started_on, row.ended_on)
        for row in roots.itertuples()
    ]
    words = [
        (anomaly_words if row.kind == "anomaly" else trend_words)(
            row, about.loc[row.metric], findings[(findings["root"] == row.Index) & (findings.index != row.Index)], about
        )
        for row in roots.itertuples()
    ]
    roots["title"], roots["description"] = [title for title, _ in words], [text for _, text in words]
    roots["insight_id"] = [
        # A trend goes on from week to week; an anomaly is that of its first day.
        _identifier(
            row.kind,
            row.metric,
            row.segment_by,
            row.segment,
            row.direction,
            row.started_on if row.kind == "anomaly" else "",
        )
        for row in roots.itertuples()
    ]
    return roots.assign(place=roots.index)


def _share(roots: pd.DataFrame, catalogue: pd.DataFrame, values: pd.DataFrame, about: pd.DataFrame) -> pd.Series:
    """Share of a series in its metric over the last three months, for metrics that add up; 1 for the whole, a quarter for ratios of a segment."""
    mean = values.iloc[-WORTH_DAYS:].mean()
    whole = catalogue[catalogue["segment_by"] == EVERYTHING].reset_index().set_index("metric")["index"]
    of_all = roots["metric"].map(whole).map(mean)
    share = (roots["series"].map(mean) / of_all.replace(0, np.nan)).clip(0, 1).fillna(0)
    adds_up = roots["metric"].map(about["kind"]).isin(ADDING_UP)
    return share.where(adds_up, 0.25).mask(roots["segment_by"] == EVERYTHING, 1.0)


def _tell_correlations(
    apart: Surprises, values: pd.DataFrame, catalogue: pd.DataFrame, about: pd.DataFrame
) -> pd.DataFrame:
    """Pairs of metrics, over all, that move together though neither is made of the other."""
    whole = [name for name in apart.surprises.columns if catalogue.loc[name, "segment_by"] == EVERYTHING]
    if len(whole) < 2:
        return _nothing()
    pairs = find_correlations(apart.only(whole))
    pairs["metric"], pairs["other_metric"] = (
        pairs["leading"].map(catalogue["metric"]),
        pairs["following"].map(catalogue["metric"]),
    )
    _, family = families(about)
    table = about["rows_table"]
    of_one = [pairs["metric"].map(by).to_numpy() == pairs["other_metric"].map(by).to_numpy() for by in (family, table)]
    pairs = pairs[~np.logical_or(*of_one)]
    if pairs.empty:
        return _nothing()
    last = values.index[-1]
    words = [correlation_words(row, about.loc[row.metric], about.loc[row.other_metric]) for row in pairs.itertuples()]
    return pd.DataFrame(
        {
            "kind": "correlation",
            "series": pairs["leading"],
            "metric": pairs["metric"],
            "segment_by": EVERYTHING,
            "segment": EVERYTHING,
            "direction": np.where(pairs["correlation"] > 0, "together", "against"),
            "is_good": None,
            "started_on": [last - pd.Timedelta(days=int(days) - 1) for days in pairs["days"]],
            "ended_on": last,
            "title": [title for title, _ in words],
            "description": [text for _, text in words],
            "confidence": 1 - pairs["q_value"],
            "priority": np.maximum(
                pairs["metric"].map(about["priority"]), pairs["other_metric"].map(about["priority"])
            ),
            "magnitude": CORRELATION_WEIGHT * pairs["correlation"].abs(),
            "suggested_action": "Try on a few accounts whether changing the one changes the other before you rely on it",
            "rows_query": [
                "select * from metrics.metric_series where segment_by = 'all' and metric in "
                f"('{row.metric}', '{row.other_metric}') order by date_day, metric"
                for row in pairs.itertuples()
            ],
            "other_metric": pairs["other_metric"],
            "lag_days": pairs["lag_days"],
            "correlation": pairs["correlation"],
            "evidence": 1,
            "insight_id": [
                _identifier("correlation", *sorted([row.metric, row.other_metric])) for row in pairs.itertuples()
            ],
        }
    )


def _identifier(*parts: object) -> str:
    return hashlib.sha256("|".join(str(part)[:80] for part in parts).encode()).hexdigest()[:12]


def _nothing() -> pd.DataFrame:
    return pd.DataFrame()


def _ranked(found: pd.DataFrame, usefulness: pd.Series | None, last: pd.Timestamp) -> pd.DataFrame:
    columns = [
        *("insight_id", "kind", "series", "place", "metric", "segment_by", "segment", "direction", "is_good", "started_on", "ended_on", "title"),
        *("description", "metric_value", "expected", "difference", "change", "impact_usd", "impact_words", "confidence", "priority", "magnitude"),
        *("usefulness", "importance", "suggested_action", "rows_query", "other_metric", "lag_days", "correlation", "forecast", "forecast_low"),
        *("forecast_high", "evidence"),
    ]  # fmt: skip
    if found.empty:
        return pd.DataFrame(columns=columns)
    said = pd.Series(1.0, index=found.index)
    if usefulness is not None and len(usefulness):
        by = pd.MultiIndex.from_frame(found[["kind", "metric"]])
        said = pd.Series(usefulness.reindex(by).fillna(1.0).to_numpy(), index=found.index)
    ago = (last - pd.to_datetime(found["ended_on"])).dt.days
    recent = np.where(found["kind"] == "anomaly", 0.5 ** (ago / HALF_LIFE_DAYS), 1.0)
    found["usefulness"] = said
    found["importance"] = found["priority"].astype(float) / 5 * found["confidence"] * found["magnitude"] * said * recent
    ordered = found.reindex(columns=columns).sort_values(["importance", "insight_id"], ascending=[False, True])
    return ordered.drop_duplicates("insight_id", ignore_index=True)


def _evidence(findings: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    columns = [
        *("insight_id", "kind", "metric", "segment_by", "segment", "is_root", "started_on", "ended_on", "metric_value", "expected", "difference"),
        *("change", "p_value", "q_value"),
    ]  # fmt: skip
    if findings.empty or found.empty:
        return pd.DataFrame(columns=columns)
    of_root = found.dropna(subset=["place"]).set_index("place")["insight_id"]
    known = findings[findings["root"].isin(of_root.index)]
    return known.assign(insight_id=known["root"].map(of_root), is_root=known["root"] == known.index)[columns]


def _points(top: pd.DataFrame, apart: Surprises, values: pd.DataFrame, levels: pd.Series) -> pd.DataFrame:
    """What the charts show: values, what was expected, and a band of twice the usual surprise, of the last days."""
    parts = []
    for row in top.itertuples():
        shown = pd.DataFrame({"date_day": values.index, "metric_value": values[row.series].to_numpy()})
        if row.kind == "trend":
            # What a day made expect says nothing of half a year.
            parts.append(shown.tail(TREND_DAYS).assign(insight_id=row.insight_id))
            continue
        if row.series in apart.surprises.columns:
            before = np.where(levels[row.series], values[row.series].shift(1), 0.0)
            expected = apart.expected[row.series].to_numpy() + before
            with np.errstate(divide="ignore", invalid="ignore"):
                usual = (apart.values[row.series] - apart.expected[row.series]) / apart.surprises[row.series]
            band = 2 * np.abs(usual.to_numpy())
            # On the logarithmic scale a usual surprise is a share of what was expected; its middle over the days serves the band.
            shown["expected"] = expected
            shown["low"], shown["high"] = expected - np.nanmedian(band), expected + np.nanmedian(band)
        parts.append(shown.tail(SHOWN_DAYS).assign(insight_id=row.insight_id))
    columns = ["insight_id", "date_day", "metric_value", "expected", "low", "high"]
    return pd.concat(parts, ignore_index=True).reindex(columns=columns) if parts else pd.DataFrame(columns=columns)


def _states(catalogue: pd.DataFrame, values: pd.DataFrame, apart: Surprises) -> pd.DataFrame:
    days = values.notna().sum()
    past = values.iloc[:-JUDGED_DAYS].notna().sum() if len(values) else days
    judged = pd.Series(catalogue.index.isin(apart.surprises.columns), index=catalogue.index)
    state = np.where(
        judged,
        "judged",
        np.where(past < FEWEST_DAYS, f"fewer than {FEWEST_DAYS} days are known", "the same on most days"),
    )
    return catalogue[["metric", "segment_by", "segment"]].assign(days=days.to_numpy(), state=state)


def _suggestions(
    top: pd.DataFrame,
    findings: pd.DataFrame,
    catalogue: pd.DataFrame,
    values: pd.DataFrame,
    apart: Surprises,
    about: pd.DataFrame,
) -> pd.DataFrame:
    """Where to look further: the segments that make most of a difference, and what could not be judged."""
    rows = []
    for row in top[(top["kind"] != "correlation") & (top["segment_by"] == EVERYTHING)].itertuples():
        if about.loc[row.metric, "kind"] not in ADDING_UP:
            continue
        parts = catalogue[(catalogue["metric"] == row.metric) & (catalogue["segment_by"] != EVERYTHING)]
        then = values.loc[row.started_on : row.ended_on, parts.index]
        width = max(len(then), 7)
        before = values.loc[: row.started_on - pd.Timedelta(days=1), parts.index].iloc[-4 * width :]
        if row.kind == "trend":
            then, before = then.iloc[-28:], then.iloc[:28]
        moved = (then.mean() - before.mean()).fillna(0)
        for segment_by, part in parts.groupby("segment_by"):
            if len(part) < 2:
                continue
            made = moved[part.index]
            total = made.sum()
            if not total or np.sign(total) != np.sign(row.difference):
                continue
            most = (made * np.sign(total)).idxmax()
            rows.append(
                (
                    row.insight_id,
                    *explore_segment(about.loc[row.metric], row, part.loc[most], made[most] / total, segment_by),
                )
            )
    unjudged = catalogue.index.difference(apart.surprises.columns)
    whole = catalogue.loc[unjudged][catalogue.loc[unjudged, "segment_by"] == EVERYTHING]
    rows += [(None, *explore_unjudged(about.loc[metric])) for metric in whole["metric"]]
    return pd.DataFrame(rows, columns=["insight_id", "suggestion", "rows_query"])
