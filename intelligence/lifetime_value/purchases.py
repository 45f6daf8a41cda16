"""A log of purchases, summed up as the models of repeat buying read it."""

from __future__ import annotations

from typing import Literal

import pandas as pd

#: Days of a unit of time.
DAYS = {"D": 1.0, "W": 7.0}


def purchase_summary(transactions: pd.DataFrame, until: pd.Timestamp, *, unit: Literal["D", "W"] = "W") -> pd.DataFrame:
    """Repeat purchases of each customer up to a day.

    Purchases of one customer on one day are one; what lies after `until` is not seen.

    Args:
        transactions: `customer_id`, `purchased_at` (datetime) and, if spending is of interest, `value` (money); one row per purchase.
        until: last day that is seen.
        unit: unit of the times, days or weeks.

    Returns:
        One row per customer, by id: `frequency` (repeat purchases, count), `recency` (from the first purchase to the last, units), `age`
        (from the first to `until`, units), and with `value` the `monetary_value` (mean of the repeat purchases; 0 without one).
    """
    seen = transactions.assign(day=pd.to_datetime(transactions["purchased_at"], format="ISO8601").dt.normalize())
    seen = seen[seen["day"] <= pd.Timestamp(until).normalize()].dropna(subset=["customer_id", "day"])
    has_value = "value" in seen
    days = seen.groupby(["customer_id", "day"], as_index=False).agg(
        **({"value": ("value", "sum")} if has_value else {"value": ("day", "size")})
    )
    by_customer = days.groupby("customer_id")["day"]
    first = by_customer.transform("min")
    summary = by_customer.agg(["min", "max", "size"])
    found = pd.DataFrame(
        {
            "frequency": summary["size"] - 1,
            "recency": (summary["max"] - summary["min"]).dt.days / DAYS[unit],
            "age": (pd.Timestamp(until).normalize() - summary["min"]).dt.days / DAYS[unit],
        }
    )
    if has_value:
        repeated = days[days["day"] > first]
        found["monetary_value"] = repeated.groupby("customer_id")["value"].mean().reindex(found.index).fillna(0.0)
    return found.reset_index()
