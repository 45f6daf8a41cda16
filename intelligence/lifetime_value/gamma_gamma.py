"""Gamma-Gamma: how much a customer spends at a time.

Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". What is spent varies around a customer's own mean (gamma, shape p), and
the means vary between customers (gamma, q and v). How often somebody buys must not depend on how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln

from intelligence.lifetime_value.likelihood import likeliest

Array = npt.NDArray[np.float64]

STARTS = ((1.0, 1.0, 0.0), (0.0, 1.5, 1.0), (2.0, 0.5, 0.0))


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model; `v` is in money."""

    p: float
    q: float
    v: float

    def expected_value(self, frequency: Array, monetary_value: Array) -> Array:
        """Mean value of each customer's purchases to come.

        It lies between their own mean so far and that of all, the nearer to their own the more they bought.

        NaN where q is at most 1 and nothing was bought: the mean of all is without bound.
        """
        x, m = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        below = self.p * x + self.q - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(below > 0, self.p * (self.v + x * m) / below, np.nan)

    def draw_totals(self, purchases: Array, frequency: Array, monetary_value: Array, rng: np.random.Generator) -> Array:
        """What drawn numbers of purchases (a row per draw, a column per customer) bring in all: each customer's mean is drawn as well."""
        x, m = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        rate = rng.gamma(self.p * x + self.q, 1 / (self.v + x * m), purchases.shape)
        shape = np.where(purchases > 0, self.p * purchases, 1.0)
        with np.errstate(divide="ignore", over="ignore"):
            return np.where(purchases > 0, rng.gamma(shape) / np.maximum(rate, 1e-300), 0.0)


def fit_gamma_gamma(summary: pd.DataFrame) -> GammaGamma:
    """Fit by maximum likelihood to customers with a repeat purchase.

    Args:
        summary: `frequency` and `monetary_value`, as `purchase_summary` gives them. Customers whose mean is 0 or less take no part.

    Raises:
        ValueError: no customer is left, or no maximum was found.
    """
    used = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    if used.empty:
        raise ValueError("nobody has bought twice for more than nothing, so no value can be told")
    x, m = used["frequency"].to_numpy(dtype=float), used["monetary_value"].to_numpy(dtype=float)
    scale = 1.0 / float(np.median(m))

    def loss(logs: Array) -> float:
        p, q, v = np.exp(logs)
        values = m * scale
        likelihood = (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + (p * x - 1) * np.log(values)
            + p * x * np.log(x)
            - (p * x + q) * np.log(x * values + v)
        )
        return -float(likelihood.mean())

    p, q, v = likeliest(loss, STARTS)
    return GammaGamma(float(p), float(q), float(v / scale))
