"""Rule models over a long table of touchpoints: the credit of each touchpoint of each conversion, which sums to 1 per conversion."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from intelligence.attribution.paths import Floats, Integers, order_by, require_columns, rises

MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Touches:
    """Touchpoints in order: conversion by conversion, by time, those of one moment by touchpoint_id.

    row: where each stands in the table. channel: code into `channels`. occurred_at: microseconds. start, length: one entry per conversion.
    """

    row: Integers
    channels: tuple[str, ...]
    channel: Integers
    occurred_at: Integers
    start: Integers
    length: Integers

    def credit(self, in_order: Floats) -> Floats:
        """Credit in the order of the table."""
        found = np.empty_like(in_order)
        found[self.row] = in_order
        return found


def order_touches(touchpoints: pd.DataFrame) -> Touches:
    """Put touchpoints (`conversion_id`, `touchpoint_id`, `channel`, `occurred_at`, in any row order) in order.

    Raises ValueError for a column that is missing or has gaps, and for a touchpoint that a conversion holds twice at the same moment.
    """
    columns = ("conversion_id", "touchpoint_id", "channel", "occurred_at")
    require_columns(touchpoints, columns)
    for column in columns:
        if touchpoints[column].isna().any():
            raise ValueError(f"A touchpoint has no {column}: fill it or leave the row out.")
    conversion, ids = pd.factorize(touchpoints["conversion_id"])
    channel, names = pd.factorize(touchpoints["channel"])
    moment = pd.to_datetime(touchpoints["occurred_at"], utc=True).dt.as_unit("us").astype("int64").to_numpy()
    row = np.arange(len(touchpoints))
    if not rises(conversion, moment).all():
        row = order_by(conversion, moment, len(ids))
        same = ~rises(conversion[row], moment[row])
        if same.any():
            # Only what shares a moment is ordered by its id.
            tied = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
            run = np.cumsum(np.r_[True, ~same])[tied]
            tie = pd.factorize(touchpoints["touchpoint_id"].iloc[row[tied]], sort=True)[0]
            order = np.lexsort((tie, run))
            row[tied] = row[tied[order]]
            if not rises(run[order], tie[order]).all():
                raise ValueError(
                    "A conversion holds the same touchpoint_id twice: give each touchpoint once per conversion."
                )
    length = np.bincount(conversion, minlength=len(ids))
    start = np.cumsum(length) - length
    return Touches(row, tuple(map(str, names)), channel[row], moment[row], start, length)


def first_touch(touches: Touches) -> Floats:
    """All to the first touchpoint."""
    return touches.credit(all_to(touches, touches.start))


def last_touch(touches: Touches) -> Floats:
    """All to the last touchpoint."""
    return touches.credit(all_to(touches, touches.start + touches.length - 1))


def last_non_direct_touch(touches: Touches, direct: Collection[str] = ("direct",)) -> Floats:
    """All to the last touchpoint whose channel is not in `direct`; to the last one if all are."""
    told = np.array([name not in direct for name in touches.channels])[touches.channel]
    place = np.maximum.reduceat(np.where(told, np.arange(len(told)), -1), touches.start)
    return touches.credit(all_to(touches, np.where(place < 0, touches.start + touches.length - 1, place)))


def linear(touches: Touches) -> Floats:
    """The same to every touchpoint."""
    return touches.credit(np.repeat(1 / touches.length, touches.length))


def time_decay(touches: Touches, half_life_days: float = 7.0) -> Floats:
    """In proportion to 2 ** (-age / half-life).

    Shares hang on differences in age alone: counting from the last touchpoint or from the conversion is the same.
    Raises ValueError if the half-life is not above 0.
    """
    if not (half_life_days > 0 and np.isfinite(half_life_days)):
        raise ValueError(f"half_life_days is {half_life_days}: give a number of days above 0.")
    last = touches.occurred_at[touches.start + touches.length - 1]
    age = (np.repeat(last, touches.length) - touches.occurred_at) / MICROSECONDS_PER_DAY
    weight = np.exp2(-age / half_life_days)
    return touches.credit(weight / np.repeat(np.add.reduceat(weight, touches.start), touches.length))


def position_based(touches: Touches, first_share: float = 0.4, last_share: float = 0.4) -> Floats:
    """`first_share` to the first, `last_share` to the last, the rest equally to those between.

    One touchpoint gets all; two share in proportion to first_share and last_share (half each if both are 0).
    Raises ValueError if the shares are negative or sum to more than 1.
    """
    if not (first_share >= 0 and last_share >= 0 and first_share + last_share <= 1):
        raise ValueError(f"Shares are {first_share} and {last_share}: give shares of 0 or more that sum to 1 at most.")
    ends = first_share + last_share
    both = first_share / ends if ends > 0 else 0.5
    length = touches.length
    between = (1 - ends) / np.maximum(length - 2, 1)
    found = np.repeat(between, length)
    found[touches.start] = np.select([length == 1, length == 2], [1.0, both], first_share)
    several = length > 1
    found[(touches.start + length - 1)[several]] = np.where(length[several] == 2, 1 - both, last_share)
    return touches.credit(found)


def all_to(touches: Touches, place: NDArray) -> Floats:
    """1 at the given places, 0 elsewhere."""
    found = np.zeros(len(touches.row))
    found[place] = 1.0
    return found


def rule_credit(
    touchpoints: pd.DataFrame,
    *,
    direct: Collection[str] = ("direct",),
    half_life_days: float = 7.0,
    first_share: float = 0.4,
    last_share: float = 0.4,
) -> pd.DataFrame:
    """Credit by all six rules: one column per model, on the table's index; columns as `order_touches` asks for."""
    touches = order_touches(touchpoints)
    return pd.DataFrame(
        {
            "first_touch": first_touch(touches),
            "last_touch": last_touch(touches),
            "last_non_direct_touch": last_non_direct_touch(touches, direct),
            "linear": linear(touches),
            "time_decay": time_decay(touches, half_life_days),
            "position_based": position_based(touches, first_share, last_share),
        },
        index=touchpoints.index,
    )
