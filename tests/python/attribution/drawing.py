"""Random tables of aggregated paths."""

from __future__ import annotations

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

PROPERTY = settings(max_examples=40, deadline=None)


def table(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    """Rows of path, conversions, value, nulls."""
    return pd.DataFrame(rows, columns=["path", "total_conversions", "total_conversion_value", "total_null"])


@st.composite
def path_tables(draw: st.DrawFn, channels: str = "abcd", longest: int = 5) -> pd.DataFrame:
    """A table with at least one journey; value only where there are conversions; paths may come twice."""
    path = st.lists(st.sampled_from(list(channels)), min_size=1, max_size=longest).map(" > ".join)
    rows = draw(
        st.lists(st.tuples(path, st.integers(0, 5), st.integers(0, 50), st.integers(0, 5)), min_size=1, max_size=8)
    )
    kept = [(it, conversions, value * (conversions > 0), nulls) for it, conversions, value, nulls in rows]
    return table(*kept, (draw(path), 1, 7, 1))
