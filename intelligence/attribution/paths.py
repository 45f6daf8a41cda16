"""Paths of channels as arrays: what the models that learn from data read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Paths:
    """Paths and how they ended. A path may stand for many equal ones, and the same path may come twice.

    channels: names, sorted. path, channel: one entry per touch, path by path in order; numbers of the path and of the channel.
    conversions, value, nulls: one entry per path; how many such journeys converted, what those brought in all, how many did not convert.
    """

    channels: tuple[str, ...]
    path: Integers
    channel: Integers
    conversions: Floats
    value: Floats
    nulls: Floats

    @property
    def first(self) -> NDArray[np.bool_]:
        """Per touch: is it the first of its path."""
        begins: NDArray[np.bool_] = np.r_[True, self.path[1:] != self.path[:-1]]
        return begins

    @property
    def last(self) -> NDArray[np.bool_]:
        """Per touch: is it the last of its path."""
        ends: NDArray[np.bool_] = np.r_[self.path[1:] != self.path[:-1], True]
        return ends


def paths_from_table(table: pd.DataFrame, separator: str = ">") -> Paths:
    """Aggregated paths, as ChannelAttribution takes them.

    `path` (text such as 'email > search', or a sequence of channels), `total_conversions` and, if known, `total_conversion_value` and `total_null`.
    Raises ValueError for a column that is missing, an empty path, and counts that are negative, missing or without meaning.
    """
    require_columns(table, ("path", "total_conversions"))
    split = [split_path(path, separator) for path in table["path"]]
    lengths = np.fromiter((len(path) for path in split), dtype=np.int64, count=len(split))
    codes, names = number_channels(pd.Series([channel for path in split for channel in path], dtype="str"))
    return assemble(names, np.repeat(np.arange(len(split)), lengths), codes, table)


def paths_from_touchpoints(touchpoints: pd.DataFrame, outcomes: pd.DataFrame) -> Paths:
    """Paths from a long table, fast for millions of them (fastest if it comes ordered by path and position).

    touchpoints: `path_id`, `position` (a number or a time, different within a path), `channel`, in any order.
    outcomes: one row per path: `path_id`, `total_conversions` and, if known, `total_conversion_value` and `total_null`.
    Raises ValueError as `paths_from_table` does, and if the two tables do not speak of the same paths.
    """
    require_columns(touchpoints, ("path_id", "position", "channel"))
    require_columns(outcomes, ("path_id", "total_conversions"))
    number = pd.Index(outcomes["path_id"])
    if number.has_duplicates:
        raise ValueError("outcomes holds a path_id twice: give one row per path_id.")
    if touchpoints["position"].isna().any():
        raise ValueError("A touchpoint has no position: fill position or leave the row out.")
    path, ids = pd.factorize(touchpoints["path_id"])
    of_outcome = number.get_indexer(ids)
    if (path < 0).any() or (of_outcome < 0).any():
        raise ValueError("A touchpoint has a path_id that outcomes does not hold: add its row to outcomes.")
    if len(ids) < len(number):
        raise ValueError("outcomes holds a path without touchpoints: leave empty paths out.")
    codes, names = number_channels(touchpoints["channel"])
    position = touchpoints["position"]
    if isinstance(position.dtype, pd.DatetimeTZDtype):
        position = position.dt.tz_convert(None)
    position = position.to_numpy()
    if position.dtype.kind == "M":
        position = position.view(np.int64)  # numbers sort faster
    if not rises(path, position).all():
        order = order_by(path, position, len(ids))
        path, position, codes = path[order], position[order], codes[order]
        if not rises(path, position).all():
            raise ValueError("A path has the same position twice: number the touchpoints of each path_id differently.")
    return assemble(names, path, codes, outcomes.iloc[of_outcome])


def as_paths(paths: Paths | pd.DataFrame) -> Paths:
    """`paths` itself, or what `paths_from_table` makes of an aggregated table."""
    return paths if isinstance(paths, Paths) else paths_from_table(paths)


def rises(group: Integers, key: NDArray) -> NDArray[np.bool_]:
    """Per row from the second: does it come after the row before it, by group and key."""
    found: NDArray[np.bool_] = (group[1:] > group[:-1]) | ((group[1:] == group[:-1]) & (key[1:] > key[:-1]))
    return found


def order_by(group: Integers, key: NDArray, groups: int) -> Integers:
    """Row numbers ordered by group (0 to groups - 1) and key: one sort by the key, then a counting sort by the group, which keeps its order.

    The counting sort is the transposition of a sparse matrix with one entry per row; a third of the time of numpy.lexsort.
    """
    by_key = np.argsort(key)
    rows = len(by_key)
    matrix = sparse.csc_array((np.ones(rows, np.int8), group[by_key], np.arange(rows + 1)), shape=(groups, rows))
    found: Integers = by_key[matrix.tocsr().indices]
    return found


def assemble(names: tuple[str, ...], path: NDArray, channel: Integers, outcomes: pd.DataFrame) -> Paths:
    """Check the outcomes (one row per number in `path`), and leave out paths that nobody took."""
    conversions = amounts(outcomes, "total_conversions")
    value, nulls = amounts(outcomes, "total_conversion_value"), amounts(outcomes, "total_null")
    if ((value != 0) & (conversions == 0)).any():
        raise ValueError(
            "A path has total_conversion_value but no conversions: set its total_conversions or its value to 0."
        )
    taken = conversions + nulls > 0
    if not taken.any():
        raise ValueError("No path was taken: give rows with total_conversions or total_null above 0.")
    if not taken.all():
        kept = taken[path]
        path, channel = (np.cumsum(taken) - 1)[path[kept]], channel[kept]
    return Paths(names, path.astype(np.int64, copy=False), channel, conversions[taken], value[taken], nulls[taken])


def amounts(table: pd.DataFrame, column: str) -> Floats:
    """A column of counts or money as numbers; 0 throughout if the table does not hold it."""
    if column not in table:
        return np.zeros(len(table))
    try:
        numbers: Floats = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(f"Column {column} is not numeric: give numbers.") from None
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise ValueError(f"Column {column} holds negative or missing numbers: give 0 or more in every row.")
    return numbers


def number_channels(channels: pd.Series) -> tuple[Integers, tuple[str, ...]]:
    """Numbers and names of the channels, names sorted, so that nothing hangs on the order of rows."""
    codes, found = pd.factorize(channels)
    if (codes < 0).any():
        raise ValueError("A touchpoint has no channel: name its channel, for instance 'unassigned'.")
    names = np.array([str(name) for name in found], dtype=object)
    order = np.argsort(names)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], tuple(names[order])


def split_path(path: object, separator: str) -> list[str]:
    """The channels of one path."""
    if isinstance(path, str):
        found = [channel.strip() for channel in path.split(separator.strip())]
    elif isinstance(path, Sequence | np.ndarray):
        found = [str(channel) for channel in path]
    else:
        found = []
    if not found or "" in found:
        raise ValueError(f"Path {path!r} is empty or names an empty channel: leave it out or name its channels.")
    return found


def require_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise ValueError unless the table holds the columns, and rows."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(f"Column {missing[0]} is missing: give a table with {', '.join(columns)}.")
    if table.empty:
        raise ValueError(f"The table with {', '.join(columns)} is empty: give at least one row.")
