"""How a forecast of value did: its errors beside those of the naive guess, and the same by group."""

from __future__ import annotations

import numpy as np
import pandas as pd

SUMMED = (
    "foretold_events",
    "naive_events",
    "observed_events",
    "foretold_usd",
    "naive_usd",
    "observed_usd",
    "observed_with_growth_usd",
)


def measure(tested: pd.DataFrame) -> dict[str, float]:
    """Totals and errors by customer.

    Args:
        tested: `foretold_`, `naive_` and `observed_` with `events` and `usd`, `low`, `high`, one row per customer; at least one.

    Returns:
        Totals under their names; root_mean_squared_error_usd, mean_absolute_error_usd and correlation, and the same with `naive_` before;
        interval_coverage (share of customers whose observed value lies between low and high). What cannot be told is left out.
    """
    found = {name: float(tested[name].sum()) for name in SUMMED if name in tested}
    observed = tested["observed_usd"].to_numpy(dtype=float)
    for prefix, name in (("", "foretold_usd"), ("naive_", "naive_usd")):
        guess = tested[name].to_numpy(dtype=float)
        error = guess - observed
        found[f"{prefix}root_mean_squared_error_usd"] = float(np.sqrt((error**2).mean()))
        found[f"{prefix}mean_absolute_error_usd"] = float(np.abs(error).mean())
        if guess.std() > 0 and observed.std() > 0:
            found[f"{prefix}correlation"] = float(np.corrcoef(guess, observed)[0, 1])
    # A cent less or more is no miss.
    inside = (tested["low"] - 0.01 <= observed) & (observed <= tested["high"] + 0.01)
    found["interval_coverage"] = float(inside.mean())
    return found


def verdict(
    measured: dict[str, float], error: float, naive_error: float, unit: str, tolerated_miss: float
) -> tuple[str, str]:
    """Whether a model is used, and why.

    Args:
        measured: what `measure` gives.
        error: root mean squared error by customer that is judged by.
        naive_error: that of the naive guess.
        unit: its unit, in words.
        tolerated_miss: a total that is missed by less than this part of it is no ground to refuse the model.

    Returns:
        `current` or `no better than naive`, and a sentence.
    """
    observed = measured["observed_usd"]
    miss, naive_miss = (abs(measured[f"{name}_usd"] - observed) / max(observed, 1e-9) for name in ("foretold", "naive"))
    figures = (
        f"foretold {measured['foretold_usd']:,.0f}, naive {measured['naive_usd']:,.0f}, came {observed:,.0f} US dollars of margin; "
        f"error by customer {error:,.2f}, naive {naive_error:,.2f} {unit}"
    )
    if error > naive_error:
        return "no better than naive", f"By customer it is further off than the naive guess in the hold-out: {figures}."
    if miss > max(naive_miss, tolerated_miss):
        return "no better than naive", f"It misses the total of the hold-out by more than the naive guess: {figures}."
    return "current", f"In the hold-out: {figures}."


def by_group(tested: pd.DataFrame, groups: dict[str, pd.Series]) -> pd.DataFrame:
    """The totals of groups of customers, and of all.

    Args:
        tested: as `measure` takes it.
        groups: for each way of grouping the name of each customer's group, on the index of `tested`; groups come in the order of their names, or
            of their categories.

    Returns:
        grouped_by, group_place (from 1), group_name, customers, and the totals; one row per group with customers.
    """
    parts = []
    for way, names in {"all": pd.Series("all", index=tested.index), **groups}.items():
        names = names if isinstance(names.dtype, pd.CategoricalDtype) else names.astype("category")
        grouped = tested.groupby(names, observed=True)
        part = grouped[[name for name in SUMMED if name in tested]].sum()
        part.insert(0, "customers", grouped.size())
        part = part.rename_axis("group_name").reset_index()
        part["group_name"] = part["group_name"].astype(str)
        parts.append(part.assign(grouped_by=way, group_place=np.arange(1, len(part) + 1)))
    return pd.concat(parts, ignore_index=True)


def tenths(values: pd.Series) -> pd.Series:
    """The tenth of customers that each value lies in, 1 for the least; equal values may lie in two."""
    rank = values.rank(method="first")
    return np.ceil(10 * rank / max(len(values), 1)).astype(int).clip(1, 10).map("{:02d}".format)
