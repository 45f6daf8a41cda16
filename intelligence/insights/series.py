"""Daily metrics taken apart into what was to be expected and what was new on a day.

What is expected of a day comes from the past of its series alone: the median of the same weekday over the weeks before, and the part of yesterday's
surprise that usually lasts (AR(1)). What is left over is close to unpredictable, whatever season and inertia the series has, so tests that
ask for independent days hold for it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

WEEK = 7
#: Weeks whose same weekday says what to expect.
WEEKS_BEFORE = 6
#: Fewer days with a value teach nothing of a series.
FEWEST_DAYS = 70
#: From so many usual surprises on a day is broken, and says little of the next.
MOST_CARRIED = 3.0
#: Median absolute deviation of a standard normal variable.
NORMAL_MAD = 0.6744897501960817


@dataclass(frozen=True)
class Surprises:
    """Series taken apart, all as tables of days x series.

    Attributes:
        values: as they came.
        expected: what the past made expect, in the unit of the values.
        surprises: what was new, in usual surprises of the series (its median is 0, its median size 1 / 1.48).
        spread: a usual surprise, on the scale of `to_scale`.
        on_log_scale: per series, whether it was looked at on a logarithmic scale.
    """

    values: pd.DataFrame
    expected: pd.DataFrame
    surprises: pd.DataFrame
    spread: pd.Series
    on_log_scale: pd.Series


def take_apart(values: pd.DataFrame, *, judged_days: int = 14) -> Surprises:
    """Take daily series apart.

    Args:
        values: one row per day (a DatetimeIndex without gaps), one column per series; missing where nothing was measured.
        judged_days: the last days, of which nothing is learnt about inertia and spread: they are to be judged by what was before them.

    Returns:
        The series with at least `FEWEST_DAYS` known days before the judged ones and some movement; the others are left out.

    Raises:
        ValueError: the days have gaps or are not in order.
    """
    days = pd.DatetimeIndex(values.index)
    if len(days) > 1 and not (np.diff(days.to_numpy()) == np.timedelta64(1, "D")).all():
        raise ValueError("the days of a series must be in order and without gaps")
    learnt = np.arange(len(days)) < len(days) - judged_days
    numbers = values.astype(float)
    usable = numbers[learnt].notna().sum() >= FEWEST_DAYS
    numbers = numbers.loc[:, usable[usable].index]
    scaled, shift = _to_scale(numbers, learnt)
    same_weekday = np.stack([_shifted(scaled, WEEK * week) for week in range(1, WEEKS_BEFORE + 1)])
    known = (~np.isnan(same_weekday)).sum(axis=0) >= WEEKS_BEFORE // 2
    with np.errstate(all="ignore"):
        baseline = np.where(known, _median(same_weekday), np.nan)
    left_over = scaled - baseline
    usual = _spread(left_over[learnt])
    most = MOST_CARRIED * usual
    inertia = _inertia(np.clip(left_over, -most, most)[learnt])
    lasting = inertia * np.nan_to_num(_shifted(left_over, 1))
    # After a broken day nobody knows whether what broke it lasts: anything from nothing to all of it is foreseen.
    broken = np.abs(lasting) > inertia * most
    foreseen = np.where(broken, np.clip(left_over, np.minimum(0, lasting), np.maximum(0, lasting)), lasting)
    new = left_over - foreseen
    spread = _spread(new[learnt])
    moves = np.isfinite(spread) & (spread > 0)
    names = numbers.columns[moves]

    def frame(table: Array) -> pd.DataFrame:
        return pd.DataFrame(table[:, moves], index=days, columns=names)

    expected = baseline + foreseen
    back = np.where(np.isnan(shift), expected, np.exp(expected) - np.nan_to_num(shift))
    return Surprises(
        numbers.loc[:, names],
        frame(back),
        frame(new / np.where(moves, spread, 1.0)),
        pd.Series(spread[moves], index=names),
        pd.Series(~np.isnan(shift[moves]), index=names),
    )


def _to_scale(numbers: pd.DataFrame, learnt: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Amounts that cannot be negative vary in proportion: they go on a logarithmic scale, shifted so that 0 has a place. NaN: no shift."""
    table = numbers.to_numpy()
    with np.errstate(all="ignore"):
        least = np.nanmin(table, axis=0, initial=np.inf)
        middle = np.nanmedian(table[learnt], axis=0)
    shift = np.where((least >= 0) & (middle > 0), 0.1 * middle, np.nan)
    with np.errstate(all="ignore"):
        return np.where(np.isnan(shift), table, np.log(table + shift)), shift


def _shifted(table: Array, by: int) -> Array:
    moved = np.full_like(table, np.nan)
    moved[by:] = table[:-by]
    return moved


def _median(stack: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(stack, axis=0))


def _spread(table: Array) -> Array:
    """Median absolute deviation from 0 of each column, as the deviation of a normal variable."""
    with np.errstate(all="ignore"):
        return np.asarray(np.nanmedian(np.abs(table), axis=0) / NORMAL_MAD)


def _inertia(table: Array) -> Array:
    """Correlation of each column with itself a day before, 0 to 0.95, by values that were clipped."""
    now, before = table[1:], table[:-1]
    both = ~np.isnan(now) & ~np.isnan(before)
    product = np.where(both, now * before, 0.0).sum(axis=0)
    square = np.where(both, before**2, 0.0).sum(axis=0)
    return np.asarray(np.clip(product / np.where(square > 0, square, np.inf), 0.0, 0.95))
