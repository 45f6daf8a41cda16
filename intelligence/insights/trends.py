"""Series that rise or fall over months, with where they are heading."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

Array = npt.NDArray[np.float64]

#: Fewer weeks say nothing about a trend.
FEWEST_WEEKS = 12


def find_trends(
    values: pd.DataFrame,
    *,
    weeks: int = 26,
    ahead: int = 4,
    false_discovery_rate: float = 0.05,
    least_change: float = 0.05,
    levels: Collection[object] = (),
) -> pd.DataFrame:
    """Series whose weekly means rise or fall by more than chance and inertia allow.

    A line is fitted to the means of the last whole weeks (by least squares; on a logarithmic scale where all are above 0). What is left over is
    seldom independent: with `c` its correlation from week to week, corrected for the shortness of the series (Kendall 1954), only
    `(1 - c) / (1 + c)` times as many weeks count (Bayley and Hammersley 1946). Over all series Benjamini and Hochberg's procedure keeps the false
    discoveries to a share.

    A level (customers, recurring revenue) stays where it is until something moves it: even one that wanders without aim seems to have a trend.
    Of those the steps from week to week are asked whether they are on average anything but 0.

    Args:
        values: one row per day (a DatetimeIndex without gaps), one column per series.
        weeks: whole weeks that are looked at, counted back from the last day.
        ahead: weeks ahead that are foretold.
        false_discovery_rate: share of what is found that may be chance.
        least_change: change over the whole time, in size, below which nothing is told (0.05: a twentieth).
        levels: columns that are levels.

    Returns:
        series, weeks, first_level (of the line, first week), change (last value of the line / first - 1), change_a_week, level (of the line, last
        week), forecast, forecast_low, forecast_high (the mean of the week `ahead` weeks on, with its interval of nine tenths), p_value, q_value;
        the surest first.
    """
    whole = values.astype(float).iloc[len(values) % 7 :].iloc[-7 * weeks :]
    # A week counts if more than half of its days are known.
    parts = whole.to_numpy().reshape(len(whole) // 7, 7, whole.shape[1])
    known = (~np.isnan(parts)).sum(axis=1)
    means = np.where(known > 3, np.nansum(parts, axis=1) / np.maximum(known, 1), np.nan)
    rows = [
        _fit_steps(name, means[:, at], ahead) if name in levels else _fit(name, means[:, at], ahead)
        for at, name in enumerate(whole.columns)
    ]
    found = pd.DataFrame([row for row in rows if row], columns=COLUMNS)
    if found.empty:
        return found.assign(q_value=[])
    found["q_value"] = multipletests(found["p_value"], method="fdr_bh")[1]
    kept = (found["q_value"] <= false_discovery_rate) & (found["change"].abs() >= least_change)
    return found[kept].sort_values(["p_value", "change"], ignore_index=True)


COLUMNS = [
    "series",
    "weeks",
    "first_level",
    "change",
    "change_a_week",
    "level",
    "forecast",
    "forecast_low",
    "forecast_high",
    "p_value",
]


def _fit(name: object, means: Array, ahead: int) -> dict[str, object] | None:
    at = np.flatnonzero(~np.isnan(means))
    if len(at) < FEWEST_WEEKS:
        return None
    in_logs = bool((means[at] > 0).all())
    y = np.log(means[at]) if in_logs else means[at]
    x = at - at.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    count = len(at)
    if float(rest @ rest) <= 1e-20 * float(y @ y):
        return None
    # Two numbers were fitted, which alone makes the rest look turned against itself.
    freedom = max(_independent(rest, 2) - 3, 1.0)
    variance = float(rest @ rest) / freedom
    error = np.sqrt(variance / (x @ x))
    chance = float(2 * student.sf(abs(slope) / error, freedom))
    place = len(means) - 1 + ahead - at.mean()
    middle = y.mean() + slope * place
    spread = student.ppf(0.95, freedom) * np.sqrt(variance * (1 + 1 / count + place**2 / (x @ x)))
    line = y.mean() + slope * x
    return _row(name, count, in_logs, line[0], line[-1], slope, middle, spread, chance)


def _fit_steps(name: object, means: Array, ahead: int) -> dict[str, object] | None:
    at = np.flatnonzero(~np.isnan(means))
    if len(at) < FEWEST_WEEKS:
        return None
    in_logs = bool((means[at] > 0).all())
    y = np.log(means[at]) if in_logs else means[at]
    steps = np.diff(y) / np.diff(at)
    count = len(steps)
    slope = float(steps.mean())
    rest = steps - slope
    if float(rest @ rest) <= 1e-20 * float(steps @ steps) or not steps.any():
        return None
    independent = _independent(rest, 1)
    freedom = max(independent - 1, 1.0)
    variance = float(rest @ rest) / max(count - 1, 1)
    error = np.sqrt(variance / independent)
    chance = float(2 * student.sf(abs(slope) / error, freedom))
    # What is not known of a step adds up over the weeks ahead, and so does what is not known of the drift.
    spread = student.ppf(0.95, freedom) * np.sqrt(variance * ahead * count / independent + (ahead * error) ** 2)
    return _row(name, len(at), in_logs, y[0], y[-1], slope, y[-1] + slope * ahead, spread, chance)


def _independent(rest: Array, fitted: int) -> float:
    """How many independent values say as much, where `fitted` numbers were taken out; half a standard error on the safe side."""
    count = len(rest)
    lasting = float(rest[1:] @ rest[:-1] / (rest @ rest))
    lasting = float(np.clip(lasting + (fitted + 2 * fitted * lasting) / count + 0.5 / np.sqrt(count), 0.0, 0.9))
    return count * (1 - lasting) / (1 + lasting)


def _row(
    name: object,
    count: int,
    in_logs: bool,
    start: float,
    end: float,
    slope: float,
    middle: float,
    spread: float,
    chance: float,
) -> dict[str, object]:
    back = np.exp if in_logs else (lambda value: value)
    first, last = float(back(start)), float(back(end))
    return {
        "series": name,
        "weeks": count,
        "first_level": first,
        "change": last / first - 1 if first else float("nan"),
        "change_a_week": float(np.expm1(slope)) if in_logs else slope / first if first else float("nan"),
        "level": last,
        "forecast": float(back(middle)),
        "forecast_low": float(back(middle - spread)),
        "forecast_high": float(back(middle + spread)),
        "p_value": chance,
    }
