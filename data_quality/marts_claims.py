"""What is claimed of the tables that are published: their distributions, that they agree with each other, and that they are not too far from
the release that is out. Keys and row algebra are for dbt's tests.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from data_quality.judging import claims_about, claims_frame
from data_quality.marts_measures import ACCOUNTS, MartsMeasures
from data_quality.settings import Settings

NOTHING_YET = "nothing yet: there is no release to compare with"
#: What stands for a band that nobody is in, in the logarithm of the population stability index.
EMPTY_BAND = 1e-3


def marts_claims(
    settings: Settings, now: MartsMeasures, agreeing: pd.DataFrame, released: MartsMeasures | None
) -> pd.DataFrame:
    """All claims about the warehouse's marts. `released` are the measures of the release that is out, or None."""
    return claims_frame(
        [
            *_distributions(settings, now, released),
            *_agreement(agreeing),
            *_drift_of_rows(settings, now, released),
            *_drift_of_revenue(settings, now, released),
            *_drift_of_means(settings, now, released),
            *_drift_of_bands(settings, now, released),
        ]
    )


_claim = partial(claims_about, "marts")


def _distributions(settings: Settings, now: MartsMeasures, released: MartsMeasures | None) -> list[pd.DataFrame]:
    tables = pd.DataFrame({"table": settings.measured.tables})
    rows = tables["table"].map(now.rows.set_index("table")["rows"])
    before = released.rows.set_index("table")["rows"] if released else pd.Series(dtype="float64")
    needed = tables["table"].map(before).fillna(0) > 0
    fine = rows.notna() & ((rows > 0) | ~needed)
    seen = ["missing" if pd.isna(n) else f"{n:,.0f} rows" for n in rows]
    expected = ["a table with rows, as in the last release" if is_so else "a table" for is_so in needed]
    parts = [_claim(tables, "distributions", "table_there", fine.astype("float64"), 1.0, 1.0, seen, expected)]
    limits = pd.DataFrame(
        [
            (*column.column.rsplit(".", 1), column.lowest, column.highest, column.filled)
            for column in settings.measured.columns
        ],
        columns=["table", "column", "lowest", "highest", "needed"],
    ).astype({"lowest": "float64", "highest": "float64", "needed": "float64"})
    columns = now.columns.merge(limits, on=["table", "column"])
    # Both ends of a column are claims of their own: what is seen at one says nothing of the other.
    for end, seen_at in (("lowest", "least"), ("highest", "most")):
        some = columns[columns[end].notna() & columns[seen_at].notna()]
        words = [f"{seen_at} is {value:,.4g}" for value in some[seen_at]]
        expected = [f"{'at least' if end == 'lowest' else 'at most'} {limit:g}" for limit in some[end]]
        claim = _claim(some, "distributions", "values_in_range", some[seen_at], some["lowest"] if end == "lowest" else None,
                       some["highest"] if end == "highest" else None, words, expected)  # fmt: skip
        # Rates come from divisions: a last digit is no fault.
        claim[end] += -1e-6 if end == "lowest" else 1e-6
        parts.append(claim)
    some = columns[columns["needed"].notna()]
    share = (some["filled"] / some["rows"].clip(lower=1)).where(some["rows"] > 0)
    seen = ["no rows" if pd.isna(value) else f"{value:.0%} filled" for value in share]
    parts.append(
        _claim(
            some,
            "distributions",
            "column_filled",
            share,
            some["needed"],
            None,
            seen,
            [f"at least {limit:.0%}" for limit in some["needed"]],
        )
    )
    bands = now.bands.groupby(["table", "column"], as_index=False).agg(total=("rows", "sum"), most=("rows", "max"))
    if len(bands):
        largest = now.bands.sort_values(["rows", "band"]).groupby(["table", "column"])["band"].last()
        bands["band"] = largest.reindex(pd.MultiIndex.from_frame(bands[["table", "column"]])).to_numpy()
        enough = bands["total"] >= settings.limit("marts", "band_not_everything", "rows_at_least", bands["table"])
        share = (bands["most"] / bands["total"]).where(enough)
        limit = settings.limit("marts", "band_not_everything", "share", bands["table"])
        seen = [
            f"{most / total:.0%} are {band}"
            for most, total, band in zip(bands["most"], bands["total"], bands["band"], strict=True)
        ]
        parts.append(
            _claim(
                bands,
                "distributions",
                "band_not_everything",
                share,
                None,
                limit,
                seen,
                [f"no band with more than {one:.0%}" for one in limit],
            )
        )
    return parts


def _agreement(agreeing: pd.DataFrame) -> list[pd.DataFrame]:
    seen = [f"{number}: {value:,.2f}" for number, value in zip(agreeing["number"], agreeing["value"], strict=True)]
    expected = [
        f"{value:,.2f} as in {table}"
        for value, table in zip(agreeing["expected"], agreeing["compared_with"], strict=True)
    ]
    rows = agreeing.assign(column=agreeing["number"])
    wanted = agreeing["expected"].round(2)
    return [_claim(rows, "reconciliation", "numbers_agree", agreeing["value"].round(2), wanted, wanted, seen, expected)]


def _drift_of_rows(settings: Settings, now: MartsMeasures, released: MartsMeasures | None) -> list[pd.DataFrame]:
    before = released.rows.set_index("table")["rows"] if released else pd.Series(dtype="float64")
    parts = []
    for expectation, limit in (("rows_not_collapsed", "share"), ("rows_as_released", "change")):
        tables = now.rows
        if limit == "share":
            tables = tables[tables["table"].isin(settings.measured.tables)]
        tables = tables.assign(before=tables["table"].map(before).astype("float64"))
        # What is too small to be compared is left out; where there is no release, that is said.
        least = settings.limit("marts", expectation, "rows_at_least", tables["table"])
        tables = tables[tables["before"].isna() | (tables["before"] >= least)]
        seen = [f"{n:,.0f} rows" for n in tables["rows"]]
        enough = tables["before"] >= settings.limit("marts", expectation, "rows_at_least", tables["table"])
        share = settings.limit("marts", expectation, limit, tables["table"])
        is_collapse = limit == "share"
        lowest = (tables["before"] * (share if is_collapse else 1 - share)).where(enough)
        highest = None if is_collapse else (tables["before"] * (1 + share)).where(enough)
        expected = [
            NOTHING_YET if pd.isna(was) else f"at least {low:,.0f}: the last release has {was:,.0f}" if is_collapse
            else f"within {part:.0%} of the {was:,.0f} of the last release"
            for was, low, part in zip(tables["before"], lowest, share, strict=True)
        ]  # fmt: skip
        parts.append(_claim(tables, "drift", expectation, tables["rows"], lowest, highest, seen, expected))
    return parts


def _drift_of_revenue(settings: Settings, now: MartsMeasures, released: MartsMeasures | None) -> list[pd.DataFrame]:
    if now.mrr is None:
        return []
    before = released.mrr if released and released.mrr else None
    row = pd.DataFrame({"table": [ACCOUNTS], "column": ["monthly_recurring_revenue"]})
    parts = []
    for expectation in ("mrr_not_collapsed", "mrr_as_released"):
        change = settings.limit("marts", expectation, "change", row["table"])
        lowest = None if before is None else before * (1 - change)
        highest = None if before is None or expectation == "mrr_not_collapsed" else before * (1 + change)
        expected = (
            NOTHING_YET if before is None else f"within {change.iloc[0]:.0%} of the {before:,.0f} of the last release"
        )
        if before is not None and expectation == "mrr_not_collapsed":
            expected = f"at least {before * (1 - change.iloc[0]):,.0f}: the last release has {before:,.0f}"
        parts.append(
            _claim(
                row, "drift", expectation, now.mrr, lowest, highest, [f"{now.mrr:,.0f} US dollars a month"], [expected]
            )
        )
    return parts


def _drift_of_means(settings: Settings, now: MartsMeasures, released: MartsMeasures | None) -> list[pd.DataFrame]:
    ranges = pd.DataFrame(
        [
            (*column.column.rsplit(".", 1), column.highest - column.lowest)
            for column in settings.measured.columns
            if column.lowest is not None and column.highest is not None
        ],
        columns=["table", "column", "range"],
    )
    columns = now.columns.merge(ranges, on=["table", "column"])
    columns = columns[columns["mean"].notna()]
    before = (
        released.columns[["table", "column", "mean", "filled"]]
        if released
        else pd.DataFrame(columns=["table", "column", "mean", "filled"])
    )
    columns = columns.merge(before, on=["table", "column"], how="left", suffixes=("", "_before"))
    least = settings.limit("marts", "mean_as_released", "rows_at_least", columns["table"])
    was = columns["mean_before"].astype("float64")
    enough = (columns["filled"] >= least) & (columns["filled_before"].astype("float64") >= least)
    margin = settings.limit("marts", "mean_as_released", "points", columns["table"]) / 100 * columns["range"]
    seen = [f"mean {value:,.4g}" for value in columns["mean"]]
    expected = [
        NOTHING_YET
        if pd.isna(mean)
        else f"within {part:,.4g} of the {mean:,.4g} of the last release"
        if is_enough
        else "enough rows to compare"
        for mean, part, is_enough in zip(was, margin, enough, strict=True)
    ]
    return [
        _claim(
            columns,
            "drift",
            "mean_as_released",
            columns["mean"],
            (was - margin).where(enough),
            (was + margin).where(enough),
            seen,
            expected,
        )
    ]


def _drift_of_bands(settings: Settings, now: MartsMeasures, released: MartsMeasures | None) -> list[pd.DataFrame]:
    key = ["table", "column"]
    if not len(now.bands):
        return []
    before = released.bands if released else now.bands.iloc[:0]
    both = now.bands.merge(before, on=[*key, "band"], how="outer", suffixes=("", "_before")).fillna(
        {"rows": 0, "rows_before": 0}
    )
    totals = both.groupby(key)[["rows", "rows_before"]].transform("sum").clip(lower=1)
    share = (both["rows"] / totals["rows"]).clip(lower=EMPTY_BAND)
    was = (both["rows_before"] / totals["rows_before"]).clip(lower=EMPTY_BAND)
    both["psi"] = (share - was) * np.log(share / was)
    bands = both.groupby(key, as_index=False).agg(
        psi=("psi", "sum"), rows=("rows", "sum"), rows_before=("rows_before", "sum")
    )
    least = settings.limit("marts", "bands_as_released", "rows_at_least", bands["table"])
    enough = (bands["rows"] >= least) & (bands["rows_before"] >= least)
    limit = settings.limit("marts", "bands_as_released", "psi", bands["table"])
    seen = [
        f"population stability index {psi:.2f}" if is_enough else f"{rows:,.0f} rows"
        for psi, is_enough, rows in zip(bands["psi"], enough, bands["rows"], strict=True)
    ]
    expected = [
        f"at most {one:g}, beside the last release"
        if is_enough
        else NOTHING_YET
        if not count
        else "enough rows to compare"
        for one, is_enough, count in zip(limit, enough, bands["rows_before"], strict=True)
    ]
    return [_claim(bands, "drift", "bands_as_released", bands["psi"], None, limit.where(enough), seen, expected)]
