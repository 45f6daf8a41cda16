"""How columns of any kind become numbers that a linear model can weigh, without forgetting which column they came from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

#: Rarer categories than this, by rows, are read as one: `OTHER`.
FEWEST_ROWS = 20
OTHER = "(other)"


@dataclass(frozen=True)
class Number:
    """A numeric column: what stands in for a missing value, the range that is believed, and its scale."""

    median: float
    low: float
    high: float
    mean: float
    deviation: float
    has_missing: bool


@dataclass(frozen=True)
class Encoding:
    """What was learnt of the columns of a table.

    Attributes:
        numbers: numeric columns by name.
        categories: for each other column the values that are told apart, `OTHER` last.
    """

    numbers: dict[str, Number] = field(default_factory=dict)
    categories: dict[str, list[str]] = field(default_factory=dict)

    @property
    def features(self) -> list[str]:
        """Names of the columns, numeric ones first."""
        return [*self.numbers, *self.categories]

    @staticmethod
    def learn(table: pd.DataFrame) -> Encoding:
        """Read off a table how its columns are to be encoded. A column without a single value says nothing and is left out."""
        numbers, categories = {}, {}
        for name in table.columns:
            column = table[name]
            if column.isna().all():
                continue
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                numbers[str(name)] = _number(column.to_numpy(dtype=float, na_value=np.nan))
            else:
                counts = _texts(column).value_counts()
                kept = sorted(counts[counts >= min(FEWEST_ROWS, len(table) / 10)].index)
                categories[str(name)] = [*kept, OTHER]
        return Encoding(numbers, categories)

    def linear(self, table: pd.DataFrame) -> tuple[Array, list[str]]:
        """A matrix (rows x columns) of numbers around 0, and for each of its columns the feature it was made of."""
        columns: list[Array] = []
        names: list[str] = []
        for name, number in self.numbers.items():
            values = _numeric(table, name)
            known = np.clip(np.where(np.isnan(values), number.median, values), number.low, number.high)
            columns.append((known - number.mean) / number.deviation)
            names.append(name)
            if number.has_missing:
                columns.append(np.isnan(values).astype(float))
                names.append(name)
        for name, known_values in self.categories.items():
            codes = self._codes(table, name)
            for code in range(len(known_values)):
                columns.append((codes == code).astype(float))
                names.append(name)
        return _side_by_side(columns, len(table)), names

    def tree(self, table: pd.DataFrame) -> Array:
        """A matrix (rows x features) for trees: numbers as they are, missing as NaN, categories as codes."""
        columns = [_numeric(table, name) for name in self.numbers]
        columns += [self._codes(table, name).astype(float) for name in self.categories]
        return _side_by_side(columns, len(table))

    def as_dict(self) -> dict[str, Any]:
        """What json can keep of it."""
        return asdict(self)

    @staticmethod
    def of_dict(kept: dict[str, Any]) -> Encoding:
        """The encoding that `as_dict` kept."""
        return Encoding({name: Number(**number) for name, number in kept["numbers"].items()}, kept["categories"])

    def _codes(self, table: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
        known = self.categories[name]
        return np.asarray(pd.Index(known[:-1]).get_indexer(_texts(table[name])) % len(known))


def _side_by_side(columns: list[Array], rows: int) -> Array:
    """A matrix of columns, each in one piece: row by row it would take several times as long to write."""
    return np.array(columns).T if columns else np.empty((rows, 0))


def _number(values: Array) -> Number:
    known = values[np.isfinite(values)]
    low, median, high = np.quantile(known, [0.01, 0.5, 0.99])
    if low == high:
        low, high = known.min(), known.max()
    clipped = np.clip(known, low, high)
    deviation = float(clipped.std())
    return Number(
        float(median),
        float(low),
        float(high),
        float(clipped.mean()),
        deviation if deviation > 0 else 1.0,
        len(known) < len(values),
    )


def _numeric(table: pd.DataFrame, name: str) -> Array:
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _texts(column: pd.Series) -> pd.Series:
    return column.astype("string").fillna("(missing)")
