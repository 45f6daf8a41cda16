"""Lets Great Expectations judge claims: small tables of what was measured beside what is expected.

A claim is one row: `observed` has to lie from `lowest` to `highest`. Great Expectations is imported where it is used: that takes six seconds.
"""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_quality.settings import Settings

CLAIM_COLUMNS = (
    *("boundary", "suite", "expectation", "table", "column", "file", "load_id"),
    *("observed", "lowest", "highest", "observed_words", "expected_words", "subject"),
)
#: Severities in the words of Great Expectations.
SEVERITIES = {"blocking": "critical", "warning": "warning"}


@dataclass(frozen=True)
class Result:
    """What became of one claim.

    `success` is None where there was nothing to compare with. `sentence` says what was seen and what was expected. `accept_id` is what
    `customer-analytics quality --accept` takes, of blocking ones that failed; `is_accepted` says that somebody did.
    """

    boundary: str
    suite: str
    expectation: str
    severity: str
    table: str
    column: str | None
    file: str | None
    success: bool | None
    observed: float | None
    lowest: float | None
    highest: float | None
    observed_words: str
    expected_words: str
    sentence: str
    accept_id: str | None = None
    is_accepted: bool = False

    @property
    def blocks(self) -> bool:
        """Whether nothing goes on because of it."""
        return self.severity == "blocking" and self.success is False and not self.is_accepted

    @property
    def warns(self) -> bool:
        """Whether it is worth a word, and no more than that."""
        return self.success is False and not self.blocks


def claims_about(
    boundary: str,
    rows: pd.DataFrame,
    suite: str,
    expectation: str,
    observed: pd.Series | float,
    lowest: pd.Series | float | None,
    highest: pd.Series | float | None,
    seen: list[str],
    expected: list[str],
) -> pd.DataFrame:
    """Claims about rows that have table and, where there is one, column, file and load_id; a limit of None is none."""
    claim = pd.DataFrame(
        {
            "boundary": boundary,
            "suite": f"{boundary} {suite}",
            "expectation": expectation,
            "table": rows["table"],
            "column": rows.get("column", None),
            "file": rows.get("file", None),
            "load_id": rows.get("load_id", None),
            "observed": observed,
            "lowest": np.nan if lowest is None else lowest,
            "highest": np.nan if highest is None else highest,
            "observed_words": seen,
            "expected_words": expected,
        }
    )
    claim["subject"] = claim["file"].fillna(claim["table"]).astype(str) + " " + claim["column"].fillna("").astype(str)
    return claim.reindex(columns=list(CLAIM_COLUMNS))


def claims_frame(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Claims, one below the other, with all their columns. What is judged is rounded, so that no last digit decides."""
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CLAIM_COLUMNS))
    table = table.reindex(columns=list(CLAIM_COLUMNS))
    for name in ("observed", "lowest", "highest"):
        table[name] = table[name].astype("float64").round(9)
    return table


def digest(parts: Sequence[object], length: int = 16) -> str:
    """A short name of what was given."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:length]


def judge(claims: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Judge claims, suite by suite.

    Args:
        claims: as `claims_frame` gives them.

    Returns:
        The claims that are not switched off, with `severity`, `success` (null: nothing to compare with) and `problem` (why it could not be judged).
    """
    claims = claims.copy()
    claims["severity"] = [
        settings.severity(boundary, expectation, table)
        for boundary, expectation, table in zip(claims["boundary"], claims["expectation"], claims["table"], strict=True)
    ]
    claims = claims[claims["severity"] != "off"].reset_index(drop=True)
    compared = claims["observed"].notna() & (claims["lowest"].notna() | claims["highest"].notna())
    claims["success"] = compared.astype(object).where(compared, None)
    claims["problem"] = ""
    suites = claims[compared].groupby("suite", sort=True)
    if not len(claims[compared]):
        return claims
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("measurements").add_dataframe_asset("claims")
    batches = asset.add_batch_definition_whole_dataframe("all")
    for name, group in suites:
        table, expectations = _suite(gx, group)
        batch = batches.get_batch({"dataframe": table})
        suite = gx.ExpectationSuite(name=name, expectations=expectations)
        outcome = batch.validate(suite, result_format={"result_format": "COMPLETE"})
        for result in outcome.results:
            _take(claims, group, result)
    return claims


def _great_expectations() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # The library speaks of itself while it is imported and used, whatever level is set for it; what it finds is in its results.
    speaker = logging.getLogger("great_expectations")
    speaker.propagate = False
    if not speaker.handlers:
        speaker.addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
    return gx


def _suite(gx: Any, claims: pd.DataFrame) -> tuple[pd.DataFrame, list[Any]]:
    """The table that a suite judges, with columns of its own for each expectation, and the expectations.

    Limits that are the same in every row are written into the expectation, others stand beside what was observed.
    """
    library = gx.expectations
    table = pd.DataFrame(index=claims.index)
    table["subject"] = claims["subject"]
    expectations: list[Any] = []
    for (name, severity), group in claims.groupby(["expectation", "severity"], sort=True):
        column = f"{name} ({severity})"
        said: dict[str, Any] = {
            "severity": SEVERITIES[severity],
            "meta": {"expectation": name, "rows": len(group)},
        }
        table[column] = group["observed"]
        lowest, highest = group["lowest"], group["highest"]
        if lowest.nunique(dropna=False) == 1 and highest.nunique(dropna=False) == 1:
            low, high = lowest.iloc[0], highest.iloc[0]
            if low == high:
                expectations.append(library.ExpectColumnValuesToBeInSet(column=column, value_set=[float(low)], **said))
                continue
            limits = {"min_value": None if pd.isna(low) else low, "max_value": None if pd.isna(high) else high}
            expectations.append(library.ExpectColumnValuesToBeBetween(column=column, **limits, **said))
            continue
        if lowest.equals(highest):
            table[f"{column} expected"] = lowest
            expectations.append(
                library.ExpectColumnPairValuesToBeEqual(
                    column_A=column, column_B=f"{column} expected", ignore_row_if="either_value_is_missing", **said
                )
            )
            continue
        for limit, values in (("lowest", lowest), ("highest", highest)):
            if not values.notna().any():
                continue
            beside = f"{column} {limit}"
            table[beside] = values
            pair = (column, beside) if limit == "lowest" else (beside, column)
            expectations.append(
                library.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A=pair[0], column_B=pair[1], or_equal=True, ignore_row_if="either_value_is_missing", **said
                )
            )
    return table, expectations


def _take(claims: pd.DataFrame, group: pd.DataFrame, result: Any) -> None:
    """Write what Great Expectations found into the claims."""
    config = result.expectation_config
    severity = next(ours for ours, theirs in SEVERITIES.items() if theirs == config.severity.value)
    mine = group[(group["expectation"] == config.meta["expectation"]) & (group["severity"] == severity)].index
    problem = _exception(result.exception_info)
    if problem:
        claims.loc[mine, "success"] = False
        claims.loc[mine, "problem"] = problem
    elif not result.success:
        claims.loc[list(result.result["unexpected_index_list"]), "success"] = False


def _exception(info: Any) -> str:
    """What went wrong while an expectation was judged, or nothing: either one report, or one for each metric."""
    reports = [info] if "raised_exception" in (info or {}) else list((info or {}).values())
    for report in reports:
        if report.get("raised_exception"):
            return str(report.get("exception_message") or "unknown cause").splitlines()[0]
    return ""
