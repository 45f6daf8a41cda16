"""What customers without a contract are going to bring: BG/NBD for how often, Gamma-Gamma for how much, and a test of both on a hold-out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.lifetime_value.bgnbd import BgNbd, fit_bgnbd
from intelligence.lifetime_value.gamma_gamma import GammaGamma, fit_gamma_gamma
from intelligence.lifetime_value.purchases import DAYS, purchase_summary

Array = npt.NDArray[np.float64]

DAYS_A_MONTH = 365.25 / 12
WEEKS_A_MONTH = DAYS_A_MONTH / DAYS["W"]
#: More customers than this teach no more; as many are drawn.
MOST_CUSTOMERS = 50_000
DRAWS = 1_000
#: Customers whose draws are in memory at once.
AT_ONCE = 5_000
SHARE = 0.8


@dataclass(frozen=True)
class RepeatBuying:
    """A fitted pair of models, times in weeks.

    Attributes:
        buying: how often, and whether still.
        spending: how much at a time.
        kept_share: share of what is paid that is not given back on a later day (0 to 1).
    """

    buying: BgNbd
    spending: GammaGamma
    kept_share: float

    def foretell(
        self, summary: pd.DataFrame, months: float, gross_margin: float, discount_rate: float = 0.0
    ) -> pd.DataFrame:
        """What each customer brings in the `months` to come.

        Args:
            summary: as `purchase_summary` gives it, in weeks.
            months: how far ahead.
            gross_margin: share of what is paid that counts.
            discount_rate: what money a year later is worth less.

        Returns:
            One row per customer, in the order of `summary`: `customer_id`, `probability_alive`, `expected_purchases`, `expected` (money, discounted:
            the mean of what may happen), `low` and `high` (the middle four fifths of what may happen to the customer lie between; the
            parameters are taken as known).
        """
        x, t_x, age, mean = (
            summary[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age", "monetary_value")
        )
        ends = np.unique(np.append(np.arange(1, np.floor(months) + 1), months))
        until = np.array([self.buying.expected_purchases(end * WEEKS_A_MONTH, x, t_x, age) for end in ends])
        in_month = np.diff(until, axis=0, prepend=0.0)
        middle = (ends + np.concatenate([[0.0], ends[:-1]])) / 2
        discounted = ((1 + discount_rate) ** (-middle / 12)) @ in_month
        purchases = until[-1]
        worth = self.kept_share * gross_margin
        each = self.spending.expected_value(x, mean)
        # When in the horizon drawn purchases fall is not drawn: all are discounted as the expected ones are.
        discount = np.where(purchases > 0, discounted / np.where(purchases > 0, purchases, 1.0), 1.0)
        rng = np.random.default_rng(0)
        bounds = [np.zeros((2, 0))]
        for start in range(0, len(x), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            bought = self.buying.draw_purchases(
                months * WEEKS_A_MONTH, x[part], t_x[part], age[part], draws=DRAWS, rng=rng
            )
            totals = self.spending.draw_totals(bought, x[part], mean[part], rng) * discount[part] * worth
            bounds.append(np.quantile(totals, [(1 - SHARE) / 2, (1 + SHARE) / 2], axis=0))
        low, high = np.concatenate(bounds, axis=1)
        return pd.DataFrame(
            {
                "customer_id": summary["customer_id"].to_numpy(),
                "probability_alive": self.buying.probability_alive(x, t_x, age),
                "expected_purchases": purchases,
                "expected": discounted * each * worth,
                "low": low,
                "high": high,
            }
        )


def kept_share(days: pd.DataFrame, until: pd.Timestamp) -> float:
    """Share of what was paid up to a day that was not given back on a later day.

    Args:
        days: `purchased_at`, `value` (money, refunds of the day taken off), `is_purchase_day`.
        until: last day that is seen.
    """
    seen = days[days["purchased_at"] <= until]
    paid = float(seen.loc[seen["is_purchase_day"], "value"].sum())
    back = float(-seen.loc[~seen["is_purchase_day"], "value"].sum())
    return min(max(1 - back / paid, 0.0), 1.0) if paid > 0 else 1.0


def learn_repeat_buying(days: pd.DataFrame, summary: pd.DataFrame, until: pd.Timestamp) -> RepeatBuying:
    """Fit both models to customers as they were known on a day. Raises ValueError where that cannot be done.

    Args:
        days: as `kept_share` takes them.
        summary: as `purchase_summary` gives it for the day, in weeks.
        until: the day.
    """
    used = summary
    if len(used) > MOST_CUSTOMERS:
        used = used.sample(MOST_CUSTOMERS, random_state=0)
    spending = fit_gamma_gamma(used)
    if spending.q <= 1:
        raise ValueError("what customers spend differs so much that their mean is without bound")
    return RepeatBuying(fit_bgnbd(used), spending, kept_share(days, until))


def holdout_of_purchases(
    days: pd.DataFrame, known: pd.DataFrame, model: RepeatBuying, cut: pd.Timestamp, holdout_days: int, margin: float
) -> pd.DataFrame:
    """What was foretold on a day of the days after, and what came.

    Args:
        days: `customer_id` and what `kept_share` takes, up to the end of the hold-out.
        known: the customers as they were known on the day.
        model: fitted to them.
        cut: the day.
        holdout_days: days after it.
        margin: share of what is paid that counts.

    Returns:
        One row per customer: `foretold_`, `naive_` (the past rate and mean go on) and `observed_`, each with `events` (days with a purchase)
        and `usd` (margin); `low`, `high` (margin); `repeats` (before the day).
    """
    found = model.foretell(known, holdout_days / DAYS_A_MONTH, margin)
    after = days[(days["purchased_at"] > cut) & (days["purchased_at"] <= cut + pd.Timedelta(days=holdout_days))]
    came = after.groupby("customer_id").agg(events=("is_purchase_day", "sum"), value=("value", "sum"))
    came = came.reindex(found["customer_id"]).fillna(0.0)
    age = known["age"].to_numpy(dtype=float)
    naive = known["frequency"].to_numpy(dtype=float) / np.where(age > 0, age, 1.0) * holdout_days / DAYS["W"]
    return pd.DataFrame(
        {
            "customer_id": found["customer_id"],
            "repeats": known["frequency"].to_numpy(),
            "foretold_events": found["expected_purchases"],
            "naive_events": naive,
            "observed_events": came["events"].to_numpy(dtype=float),
            "foretold_usd": found["expected"],
            "naive_usd": naive * known["monetary_value"].to_numpy(dtype=float) * margin,
            "observed_usd": came["value"].to_numpy(dtype=float) * margin,
            "low": found["low"],
            "high": found["high"],
        }
    )


def summary_until(days: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Customers as they were known on a day: repeat purchases, times in weeks, mean value."""
    return purchase_summary(days[days["is_purchase_day"]], until)
