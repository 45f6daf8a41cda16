"""Daily metrics taken apart into what was to be expected and what was new on a day.

What is expected of a day comes from the past of its series alone: the median of the same weekday over the weeks before, and the part of yesterday's
surprise that usually lasts (AR(1)). What is left over is close to unpredictable, whatever season and inertia the series has, so tests that
ask for independent days hold for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
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
#: Days of all weekdays that each weekday borrows for what is usual on it.
WEEKDAYS_BORROWED = 25
#: From so many usual surprises on a day is broken, and says little of the next.
MOST_CARRIED = 3.0
#: What is added on the logarithmic scale, in medians, and below the root.
SHIFT = 0.1
ANSCOMBE = 0.375
#: Counts with a smaller mean a day vary as chance makes them, larger ones in proportion.
SMALL_COUNT = 100.0
#: Median absolute deviation of a standard normal variable.
NORMAL_MAD = 0.6744897501960817


@dataclass(frozen=True)
class Surprises:
    """Series taken apart, all as tables of days x series.

    Attributes:
        values: as they came.
        expected: what the past made expect, in the unit of the values.
        surprises: what was new, in usual surprises of the series on such a weekday (the median is 0, the median size 1 / 1.48).
        spread: a usual surprise over all days, on the scale of the series.
        scale: per series: `log` (amounts, which vary in proportion), `root` (small counts, whose variance is their mean), or `as it is`.
    """

    values: pd.DataFrame
    expected: pd.DataFrame
    surprises: pd.DataFrame
    spread: pd.Series
    scale: pd.Series

    def only(self, series: Sequence[object]) -> Surprises:
        """The same of some of the series."""
        columns = list(series)
        return Surprises(
            self.values[columns],
            self.expected[columns],
            self.surprises[columns],
            self.spread[columns],
            self.scale[columns],
        )


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
    scale = _scale(numbers, learnt)
    scaled = scale.forth(numbers.to_numpy())
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
    of_day = _spread_of_weekdays(new, learnt, spread)
    moves = np.isfinite(spread) & (spread > 0)
    names = numbers.columns[moves]

    def frame(table: Array) -> pd.DataFrame:
        return pd.DataFrame(table[:, moves], index=days, columns=names)

    back = scale.back(baseline + foreseen)
    return Surprises(
        numbers.loc[:, names],
        frame(back),
        frame(new / np.where(of_day > 0, of_day, 1.0)),
        pd.Series(spread[moves], index=names),
        pd.Series(scale.name[moves], index=names),
    )


@dataclass(frozen=True)
class _Scale:
    """The scale on which each series varies alike on large and small days; `shift` gives 0 a place on the logarithmic one."""

    name: npt.NDArray[np.object_]
    shift: Array

    def forth(self, table: Array) -> Array:
        with np.errstate(all="ignore"):
            log, root = np.log(table + self.shift), np.sqrt(table + ANSCOMBE)
        return np.where(self.name == "log", log, np.where(self.name == "root", root, table))

    def back(self, table: Array) -> Array:
        in_logs, in_roots = self.name == "log", self.name == "root"
        log = np.exp(np.where(in_logs, table, 0.0)) - self.shift
        root = np.clip(np.where(in_roots, table, 0.0), 0.0, None) ** 2 - ANSCOMBE
        return np.where(in_logs, log, np.where(in_roots, np.clip(root, 0.0, None), table))


def _scale(numbers: pd.DataFrame, learnt: npt.NDArray[np.bool_]) -> _Scale:
    """The scale of each series, by what is learnt from: amounts that cannot be negative, small counts (Anscombe 1948), and all others."""
    table = numbers.to_numpy()
    with np.errstate(all="ignore"):
        least = np.nanmin(table, axis=0, initial=np.inf)
        middle = _median(table[learnt])
        mean = _mean(table[learnt])
        counts = (np.isnan(table) | (table == np.round(table))).all(axis=0)
    small = (least >= 0) & counts & (mean > 0) & (mean < SMALL_COUNT)
    name = np.where(small, "root", np.where((least >= 0) & (middle > 0), "log", "as it is")).astype(object)
    return _Scale(name, np.where(name == "log", SHIFT * np.nan_to_num(middle), 0.0))


def _shifted(table: Array, by: int) -> Array:
    moved = np.full_like(table, np.nan)
    moved[by:] = table[:-by]
    return moved


def _median(stack: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(stack, axis=0))


def _mean(table: Array) -> Array:
    return np.asarray(np.nansum(table, axis=0) / np.maximum((~np.isnan(table)).sum(axis=0), 1))


def _spread(table: Array) -> Array:
    """Median absolute deviation from 0 of each column, as the deviation of a normal variable."""
    with np.errstate(all="ignore"):
        return _median(np.abs(table)) / NORMAL_MAD


def _spread_of_weekdays(table: Array, learnt: npt.NDArray[np.bool_], spread: Array) -> Array:
    """Spread of each day by its weekday, drawn towards that of all days: a quiet Sunday varies by more of its level than a busy Monday."""
    weekday = np.arange(len(table)) % WEEK
    of_weekday = np.stack([_spread(table[learnt & (weekday == day)]) for day in range(WEEK)])
    count = np.stack([(~np.isnan(table[learnt & (weekday == day)])).sum(axis=0) for day in range(WEEK)])
    drawn = (count * np.nan_to_num(of_weekday) + WEEKDAYS_BORROWED * spread) / (count + WEEKDAYS_BORROWED)
    return np.asarray(drawn[weekday])


def _inertia(table: Array) -> Array:
    """Correlation of each column with itself a day before, 0 to 0.95, by values that were clipped."""
    now, before = table[1:], table[:-1]
    both = ~np.isnan(now) & ~np.isnan(before)
    product = np.where(both, now * before, 0.0).sum(axis=0)
    square = np.where(both, before**2, 0.0).sum(axis=0)
    return np.asarray(np.clip(product / np.where(square > 0, square, np.inf), 0.0, 0.95))
