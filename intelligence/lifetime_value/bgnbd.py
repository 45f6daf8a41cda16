"""BG/NBD: how often customers without a contract come back, and whether they still do.

Fader, Hardie and Lee (2005), "Counting your customers the easy way". A customer buys at a rate drawn from a gamma distribution
(r, alpha), and after each purchase is gone for good with a probability drawn from a beta distribution (a, b).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, expit, gammaln, hyp2f1

from intelligence.lifetime_value.likelihood import likeliest

Array = npt.NDArray[np.float64]

#: Where the search begins: log of r, alpha (on a scale where the oldest customer is 10), a, b.
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, 1.0, -0.5, 1.0), (1.0, 2.0, -1.0, 0.5))


@dataclass(frozen=True)
class BgNbd:
    """A fitted model; `alpha` is in the unit of the times it was fitted to."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, frequency: Array, recency: Array, age: Array) -> Array:
        """Log-likelihood of each customer's repeat purchases (formula 6 of the paper)."""
        return _log_likelihood(np.array([self.r, self.alpha, self.a, self.b]), frequency, recency, age)

    def probability_alive(self, frequency: Array, recency: Array, age: Array) -> Array:
        """Probability that each customer has not gone for good (0 to 1); 1 for who has bought only once, as the model has it."""
        x, t_x, t = (np.asarray(values, dtype=float) for values in (frequency, recency, age))
        with np.errstate(divide="ignore"):
            odds = (
                (self.r + x) * np.log((self.alpha + t) / (self.alpha + t_x))
                + np.log(self.a)
                - np.log(self.b + np.maximum(x, 1) - 1)
            )
        return np.where(x == 0, 1.0, expit(-odds))

    def expected_purchases(self, horizon: float, frequency: Array, recency: Array, age: Array) -> Array:
        """Purchases of each customer that are to be expected in the `horizon` (units) to come (formula 10)."""
        x, t_x, t = (np.asarray(values, dtype=float) for values in (frequency, recency, age))
        # At a = 1 the formula is 0 / 0; it has no jump there.
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6
        z = horizon / (self.alpha + t + horizon)
        # The paper's (1 - z)^(r + x) * 2F1(r + x, b + x; a + b + x - 1; z) by Euler's transformation, whose numbers stay small for any x.
        stays = (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, a + self.b + x - 1, z)
        bought = (a + self.b + x - 1) / (a - 1) * (1 - stays)
        return np.asarray(bought * self.probability_alive(x, t_x, t))

    def purchase_interval(
        self,
        horizon: float,
        frequency: Array,
        recency: Array,
        age: Array,
        *,
        share: float = 0.8,
        draws: int = 2_000,
        seed: int = 0,
    ) -> tuple[Array, Array]:
        """Least and most purchases in the `horizon` to come, so that the middle `share` of what may happen lies between.

        Drawn from what is known of each customer: gone or not, and if not a rate and a probability of going (both have closed forms).
        """
        bought = self.draw_purchases(horizon, frequency, recency, age, draws=draws, rng=np.random.default_rng(seed))
        low, high = np.quantile(bought, [(1 - share) / 2, (1 + share) / 2], axis=0)
        return low, high

    def draw_purchases(
        self,
        horizon: float,
        frequency: Array,
        recency: Array,
        age: Array,
        *,
        draws: int,
        rng: np.random.Generator,
    ) -> Array:
        """Purchases in the `horizon` to come, drawn: a row per draw, a column per customer."""
        x, t_x, t = (np.asarray(values, dtype=float) for values in (frequency, recency, age))
        size = (draws, len(x))
        alive = rng.random(size) < self.probability_alive(x, t_x, t)
        rate = rng.gamma(self.r + x, 1 / (self.alpha + t), size)
        goes = rng.beta(self.a, self.b + x, size)
        before_going = rng.geometric(np.clip(goes, 1e-12, 1.0))
        return np.where(alive, np.minimum(rng.poisson(rate * horizon), before_going), 0).astype(float)


def fit_bgnbd(summary: pd.DataFrame) -> BgNbd:
    """Fit by maximum likelihood.

    Args:
        summary: `frequency`, `recency`, `age`, as `purchase_summary` gives them.

    Raises:
        ValueError: nobody ever came back, times contradict each other, or no maximum was found.
    """
    x, t_x, t = (summary[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age"))
    if not (x > 0).any():
        raise ValueError("nobody has bought twice, so nothing can be said of coming back")
    if (t_x > t + 1e-9).any() or (t_x < 0).any() or (x < 0).any():
        raise ValueError("recency must lie between 0 and age, and frequency must not be negative")
    scale = 10.0 / t.max()
    kinds, counts = np.unique(np.column_stack([x, t_x * scale, t * scale]), axis=0, return_counts=True)

    def loss(logs: Array) -> float:
        return -float(counts @ _log_likelihood(np.exp(logs), *kinds.T)) / len(x)

    r, alpha, a, b = likeliest(loss, STARTS)
    return BgNbd(float(r), float(alpha / scale), float(a), float(b))


def _log_likelihood(parameters: Array, frequency: Array, recency: Array, age: Array) -> Array:
    r, alpha, a, b = parameters
    x, t_x, t = (np.asarray(values, dtype=float) for values in (frequency, recency, age))
    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    still_there = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t)
    gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return np.asarray(bought + np.where(x > 0, np.logaddexp(still_there, gone), still_there))
