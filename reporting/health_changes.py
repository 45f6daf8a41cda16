"""The weekly report of who changed: health scores of today beside those of seven days ago, with the signals that moved them."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from publishing.reading import OpenRelease
from reporting.contents import Chart, Column, Figure, Report, Section, Table, query

READS = (
    "entity.entity_customers",
    "entity.entity_customers_daily",
    "gold.fct_score_contributions",
    "reference.score_bands",
)
#: Days between the two pictures.
DAYS = 7
#: A change within a band is told from so many points on.
CHANGE_POINTS = 5
#: Days of the curve of the mean.
CURVE_DAYS = 60

_CHANGES = """
with pictures as (
    select customer_id, date, customer_health_score as health
    from entity.entity_customers_daily
    where date in ($now, $then) and is_customer and customer_health_score is not null
),
banded as (
    select pictures.*, bands.band, bands.lower_bound
    from pictures inner join reference.score_bands as bands on bands.score = 'health' and pictures.health >= bands.lower_bound
    qualify row_number() over (partition by customer_id, date order by bands.lower_bound desc) = 1
)
select customer_id, customers.customer_name, customers.customer_tier, customers.csm_owner,
    cast(customers.monthly_recurring_revenue as double) as mrr, before.health as health_before, after.health as health_after,
    after.health - before.health as change, before.band as band_before, after.band as band_after,
    before.lower_bound as bound_before, after.lower_bound as bound_after
from (select * from banded where date = $now) as after
full join (select * from banded where date = $then) as before using (customer_id)
left join entity.entity_customers as customers using (customer_id)
"""
_SIGNALS = """
with points as (
    select customer_id, signal,
        sum(case when date_day = $now then contribution end) as after, sum(case when date_day = $then then contribution end) as before
    from gold.fct_score_contributions
    where score = 'health' and date_day in ($now, $then)
    group by customer_id, signal
)
select customer_id, signal, coalesce(after, 0) - coalesce(before, 0) as points, after is null as is_gone, before is null as is_fresh
from points where coalesce(after, 0) != coalesce(before, 0)
"""


def health_changes(release: OpenRelease) -> Report:
    """Who changed the band, or by CHANGE_POINTS or more, in the last DAYS days, in both directions, and why."""
    now = release.as_of.date()
    then = now - timedelta(days=DAYS)
    days = {"now": now, "then": then}
    both = release.con.execute(_CHANGES, days).df()
    signals = release.con.execute(_SIGNALS, days).df()
    kept = both[both["change"].notna()].copy()
    moved = kept[(kept["band_before"] != kept["band_after"]) | (kept["change"].abs() >= CHANGE_POINTS)].copy()
    moved["why"] = _why(moved, signals)
    moved["bands"] = moved["band_after"].where(
        moved["band_before"] == moved["band_after"], moved["band_before"] + " → " + moved["band_after"]
    )
    worse = moved[moved["change"] < 0].sort_values(["change", "customer_id"])
    better = moved[moved["change"] > 0].sort_values(["change", "customer_id"], ascending=[False, True])
    bands = query(
        release, "select band, lower_bound from reference.score_bands where score = 'health' order by lower_bound"
    )
    counts = bands.assign(
        before=[int((kept["band_before"] == band).sum()) for band in bands["band"]],
        after=[int((kept["band_after"] == band).sum()) for band in bands["band"]],
    )
    curve = query(
        release,
        "select date, avg(customer_health_score) as health from entity.entity_customers_daily "
        "where is_customer and customer_health_score is not null and date > ? and date <= ? group by date order by date",
        [now - timedelta(days=CURVE_DAYS), now],
    )
    mean = [float(kept[column].mean()) if len(kept) else None for column in ("health_before", "health_after")]
    down = int((moved["bound_after"] < moved["bound_before"]).sum())
    up = int((moved["bound_after"] > moved["bound_before"]).sum())
    return Report(
        "health_changes",
        "Changes of health",
        _summary(kept, worse, better, down, up),
        release.release_id,
        release.as_of,
        (
            Figure("Got worse", len(worse), "count", f"{down:,} into a lower band"),
            Figure("Got better", len(better), "count", f"{up:,} into a higher band"),
            Figure("Revenue of the worse", float(worse["mrr"].sum()), "money", "US dollars a month"),
            Figure("Mean health", mean[1], "points", f"{DAYS} days ago {mean[0]:.1f}" if mean[0] is not None else ""),
            Figure("Compared", len(kept), "count", "customers on both days"),
        ),
        _sections(counts, curve, worse, better, len(kept)),
        (
            (
                "Compared",
                f"Customers with a health score on {now:%Y-%m-%d} and on {then:%Y-%m-%d}; who came or left between is not.",
            ),
            ("Changed", f"Another band (reference.score_bands), or {CHANGE_POINTS} points or more within one."),
            (
                "Why",
                "The signals whose contribution moved most the same way, in points of the score; all of them add up to the change.",
            ),
            (
                "Became known, unknown",
                "A signal without a value takes no part in a score, and the others weigh more then.",
            ),
        ),
    )


def _why(moved: pd.DataFrame, signals: pd.DataFrame) -> pd.Series:
    """The two signals that moved each account most in its direction, in words."""
    way = moved[["customer_id", "change"]].merge(signals, on="customer_id")
    way = way[(way["points"] * way["change"]) > 0].copy()
    way["size"] = way["points"].abs().round(6)
    way = (
        way.sort_values(["customer_id", "size", "signal"], ascending=[True, False, True]).groupby("customer_id").head(2)
    )
    known = way["is_gone"].map({True: " (became unknown)", False: ""}) + way["is_fresh"].map(
        {True: " (became known)", False: ""}
    )
    way["words"] = way["signal"].str.replace("_", " ") + way["points"].map(" {:+.1f}".format) + known
    words = way.groupby("customer_id")["words"].agg("; ".join)
    return moved["customer_id"].map(words)


def _summary(kept: pd.DataFrame, worse: pd.DataFrame, better: pd.DataFrame, down: int, up: int) -> str:
    if kept.empty:
        return f"No customer has a health score both today and {DAYS} days ago, so nothing can be compared."
    if worse.empty and better.empty:
        return (
            f"None of {len(kept):,} customers changed the band, or by {CHANGE_POINTS} points or more, in {DAYS} days."
        )
    return (
        f"In {DAYS} days {len(worse):,} of {len(kept):,} customers got worse ({down:,} into a lower band) "
        f"and {len(better):,} got better ({up:,} into a higher band)."
    )


def _sections(
    counts: pd.DataFrame, curve: pd.DataFrame, worse: pd.DataFrame, better: pd.DataFrame, compared: int
) -> tuple[Section, ...]:
    columns = (
        Column("customer_name", "Account"),
        Column("customer_id", "Id"),
        Column("customer_tier", "Tier"),
        Column("csm_owner", "Owner"),
        Column("mrr", "MRR (USD)", "money"),
        Column("health_before", "Before", "points"),
        Column("health_after", "Now", "points"),
        Column("change", "Change", "change"),
        Column("bands", "Band"),
        Column("why", "Why (points)"),
    )
    daily = (
        "entity.entity_customers_daily",
        "entity.entity_customers",
        "gold.fct_score_contributions",
        "reference.score_bands",
    )
    charts = []
    if compared:
        charts.append(
            Chart(
                "Customers by band (who was scored both times)",
                "bar",
                counts,
                Column("band", "Band"),
                {"before": f"{DAYS} days ago", "after": "now"},
            )
        )
    if len(curve) > 1:
        charts.append(
            Chart(
                f"Mean health, {CURVE_DAYS} days",
                "line",
                curve,
                Column("date", "Day", "date"),
                {"health": "mean health"},
                "points",
            )
        )
    return (
        Section("All customers", ("entity.entity_customers_daily", "reference.score_bands"), charts=tuple(charts)),
        Section(
            "Who got worse",
            daily,
            "" if len(worse) else "Nobody.",
            table=Table(columns, worse, "Worse") if len(worse) else None,
        ),
        Section(
            "Who got better",
            daily,
            "" if len(better) else "Nobody.",
            table=Table(columns, better, "Better") if len(better) else None,
        ),
    )
