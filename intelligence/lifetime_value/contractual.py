"""How long subscriptions last, and what they bring: survival times margin.

The shifted-beta-geometric model of Fader and Hardie (2007), "How to project customer retention": an account leaves in each month with a
probability of its own, drawn from a beta distribution (alpha, beta). Who has stayed long is likelier to stay, since those likely to leave have left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, expit, logit

from intelligence.lifetime_value.likelihood import likeliest

Array = npt.NDArray[np.float64]

#: Where the search begins: logs of alpha and beta.
STARTS = ((0.0, 1.0), (-0.5, 3.0), (1.0, 5.0))
#: Cells that the uncertainty of the parameters is spread over: the mean probability of leaving in a month, and alpha + beta (the less, the more
#: accounts differ). All are equally likely beforehand.
MEANS = expit(np.linspace(logit(0.0005), logit(0.7), 80))
SUMS = np.exp(np.linspace(np.log(0.2), np.log(3_000.0), 40))
#: Cells less likely than this part of the likeliest are left out.
LEAST_LIKELY = 1e-6
#: A month by the calendar is up to a tenth longer than the month of 365.25 / 12 days that times are in; who leaves at its end has left in it.
SLACK = 0.1
SHARE = 0.8
#: Departures that all other tiers count for, at most, in what is known of one: enough to stand on where a tier has none of its own.
MOST_OF_OTHERS = 5.0


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """A fitted model, in months."""

    alpha: float
    beta: float

    def survival(self, months: Array, tenure: Array | float = 0.0) -> Array:
        """Probability that who has stayed `tenure` months stays `months` more (0 to 1)."""
        return np.asarray(np.exp(_log_survival(self.alpha, self.beta, months, tenure)))


@dataclass(frozen=True)
class Departures:
    """What is needed of a set of accounts, added up by whole months: the place in each list is the month.

    Attributes:
        entered: accounts whose end would be on record from this month on.
        left: accounts that left in this month (from 1).
        kept: accounts that were still there after this month.
    """

    entered: Array
    left: Array
    kept: Array

    @property
    def count(self) -> float:
        """Accounts that left."""
        return float(self.left.sum())

    def plus(self, other: Departures, weight: float) -> Departures:
        """These and, with a weight, others."""
        return Departures(
            self.entered + weight * other.entered, self.left + weight * other.left, self.kept + weight * other.kept
        )

    def log_likelihood(self, alpha: npt.ArrayLike, beta: npt.ArrayLike) -> Array:
        """Log-likelihood of parameters (any shape), given that who entered late had stayed until then."""
        a, b = (np.asarray(values, dtype=float)[..., None] for values in (alpha, beta))
        months = np.arange(len(self.left), dtype=float)
        stayed = _log_survival(a, b, months)
        leaves = betaln(a + 1, b + np.maximum(months, 1) - 1) - betaln(a, b)
        return np.asarray(((self.kept - self.entered) * stayed + self.left * leaves).sum(axis=-1))


def departures(spells: pd.DataFrame, months: int | None = None) -> Departures:
    """Spells added up by whole months.

    Args:
        spells: `entry_months`, `tenure_months`, `has_ended`; one row per spell. One that ended before it was observed for a month takes no part.
        months: length of the lists less 1; the longest tenure if not given.
    """
    entered = np.ceil(spells["entry_months"].to_numpy(dtype=float) - 1e-9).astype(int)
    tenure = spells["tenure_months"].to_numpy(dtype=float)
    ended = spells["has_ended"].to_numpy(dtype=bool)
    seen = np.where(ended, np.maximum(np.ceil(tenure - SLACK), 1), np.floor(tenure + 1e-9)).astype(int)
    used = seen > entered
    size = (months if months is not None else int(seen.max(initial=0))) + 1
    counts = [
        np.bincount(values, minlength=size) for values in (entered[used], seen[used & ended], seen[used & ~ended])
    ]
    return Departures(*(values.astype(float) for values in counts))


def fit_sbg(counts: Departures) -> ShiftedBetaGeometric:
    """The likeliest parameters. Raises ValueError where nobody left, or no maximum was found."""
    if not counts.count:
        raise ValueError("nobody left, so nothing can be said of staying")

    def loss(logs: Array) -> float:
        alpha, beta = np.exp(logs)
        return -float(counts.log_likelihood(alpha, beta)) / float(counts.entered.sum())

    alpha, beta = likeliest(loss, STARTS)
    return ShiftedBetaGeometric(float(alpha), float(beta))


@dataclass(frozen=True)
class Retention:
    """What is known of staying: parameters, each with how likely it is (`weight`, adds up to 1), and the likeliest.

    What is foretold is the mean over all of them, so the uncertainty of the parameters is in it.
    """

    likeliest: ShiftedBetaGeometric
    alpha: Array
    beta: Array
    weight: Array

    def survival(self, tenure: Array, months: int) -> Array:
        """Probability of staying 0, 1, … `months` more, a row per account that has stayed `tenure` whole months."""
        known, places = np.unique(np.asarray(tenure, dtype=float), return_inverse=True)
        steps = np.arange(months + 1, dtype=float)
        rows = [self.weight @ np.exp(_log_survival(self.alpha[:, None], self.beta[:, None], steps, n)) for n in known]
        return np.array(rows).reshape(-1, months + 1)[places]

    def value(
        self,
        tenure: Array,
        monthly_margin: Array,
        until: Array,
        discount_rate: float = 0.0,
    ) -> pd.DataFrame:
        """What accounts bring that are there today.

        Who leaves in a month brings half of it. Margin stays what it is today.

        Args:
            tenure: whole months they have stayed.
            monthly_margin: margin of a month (money).
            until: months ahead that count: the horizon, or less where an end is known.
            discount_rate: what money a year later is worth less.

        Returns:
            One row per account: `expected_months` (paid, not discounted), `expected` (money, discounted: the mean of what may happen),
            `low` and `high` (the middle four fifths of what may happen to the account itself lie between), `kept` (probability of being
            there at the end).
        """
        until = np.asarray(until, dtype=float)
        margin = np.asarray(monthly_margin, dtype=float)
        months = max(int(np.ceil(until.max(initial=0.0))), 1)
        stays = self.survival(tenure, months)
        counts = np.clip(until[:, None] - np.arange(months), 0, 1)
        discount = (1 + discount_rate) ** (-(np.arange(months) + 0.5) / 12)
        halfway = (stays[:, :-1] + stays[:, 1:]) / 2
        worth = counts * discount
        # Worth of staying so many months whole; the more months, the more worth, so a part of accounts is a part of months.
        whole = np.concatenate([np.zeros((len(until), 1)), worth.cumsum(axis=1)], axis=1)
        bounds = {}
        for name, gone in (("low", (1 - SHARE) / 2), ("high", (1 + SHARE) / 2)):
            has_gone = 1 - stays >= gone
            month = np.where(has_gone.any(axis=1), has_gone.argmax(axis=1), months + 1)
            rows = np.arange(len(until))
            before = whole[rows, np.minimum(month - 1, months)]
            after = whole[rows, np.minimum(month, months)]
            bounds[name] = margin * (before + after) / 2
        rows = np.arange(len(until))
        full = np.floor(until).astype(int)
        part = until - full
        kept = stays[rows, full] * (1 - part) + stays[rows, np.minimum(full + 1, months)] * part
        return pd.DataFrame(
            {
                "expected_months": (counts * halfway).sum(axis=1),
                "expected": margin * (worth * halfway).sum(axis=1),
                **bounds,
                "kept": kept,
            }
        )


def learn_retention(
    counts: Departures, others: Departures | None = None, most_of_others: float = MOST_OF_OTHERS
) -> Retention:
    """What departures teach.

    Args:
        counts: those of the accounts in question.
        others: those of other accounts, over as many months.
        most_of_others: departures that the others count for at most (a power prior, Ibrahim and Chen 2000): few departures lean on all accounts,
            and many speak for themselves.

    Raises:
        ValueError: nobody left, or no maximum was found.
    """
    if others is not None and others.count:
        counts = counts.plus(others, min(1.0, most_of_others / others.count))
    best = fit_sbg(counts)
    mean, total = (grid.ravel() for grid in np.meshgrid(MEANS, SUMS))
    alpha, beta = mean * total, (1 - mean) * total
    log_weight = counts.log_likelihood(alpha, beta)
    weight = np.exp(log_weight - log_weight.max())
    used = weight > LEAST_LIKELY
    return Retention(best, alpha[used], beta[used], weight[used] / weight[used].sum())


def _log_survival(
    alpha: Array | float, beta: Array | float, months: npt.ArrayLike, tenure: npt.ArrayLike = 0.0
) -> Array:
    months, tenure = np.asarray(months, dtype=float), np.asarray(tenure, dtype=float)
    return np.asarray(betaln(alpha, beta + tenure + months) - betaln(alpha, beta + tenure))
