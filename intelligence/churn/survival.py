"""How long an account is likely to stay: a proportional-hazards model on the log-odds of the churn model.

Cox (1972) with Breslow's baseline, by statsmodels. Beyond the longest time that was observed the hazard stays what it was on average over
the last half of it; a time that rests on this is marked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg

Array = npt.NDArray[np.float64]

#: Half of accounts with such odds are gone by the middle one; four in five leave between the outer two.
QUANTILES = {"low_days": 0.1, "expected_days": 0.5, "high_days": 0.9}
MOST_ROWS = 20_000


@dataclass(frozen=True)
class StayingModel:
    """A fitted model.

    Attributes:
        slope: log hazard ratio per unit of log-odds.
        center: log-odds that the baseline speaks for.
        days: times of the baseline (days, rising, from 0).
        hazards: cumulative baseline hazard at those times (from 0).
        tail: baseline hazard a day beyond the last time.
    """

    slope: float
    center: float
    days: Array
    hazards: Array
    tail: float

    def to_json(self) -> str:
        """All that is needed to tell times, as text."""
        lists = {"days": self.days.tolist(), "hazards": self.hazards.tolist()}
        return json.dumps({"slope": self.slope, "center": self.center, "tail": self.tail, **lists}, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> StayingModel:
        """The model that `to_json` kept."""
        kept = json.loads(text)
        return StayingModel(
            kept["slope"], kept["center"], np.array(kept["days"]), np.array(kept["hazards"]), kept["tail"]
        )

    def times(self, log_odds: Array) -> pd.DataFrame:
        """Days until so many are gone: low_days (a tenth), expected_days (half), high_days (nine tenths), and is_extrapolated.

        One row per value; `is_extrapolated` says that expected_days lies beyond what was observed. Times without bound are NaN.
        """
        ratio = np.exp(self.slope * (np.asarray(log_odds, dtype=float) - self.center))
        found: dict[str, Array] = {}
        for name, gone in QUANTILES.items():
            needed = -np.log(1 - gone) / ratio
            inside = np.interp(needed, self.hazards, self.days)
            with np.errstate(divide="ignore", invalid="ignore"):
                beyond = self.days[-1] + (needed - self.hazards[-1]) / self.tail
            days = np.where(needed <= self.hazards[-1], inside, beyond)
            found[name] = np.where(np.isfinite(days), days, np.nan)
        table = pd.DataFrame(found)
        table["is_extrapolated"] = ~(table["expected_days"] <= self.days[-1])
        return table


def fit_staying(log_odds: Array, days: Array, left: npt.NDArray[np.bool_], subjects: npt.ArrayLike) -> StayingModel:
    """Fit on observations: log-odds on a day, days from it until the subject left or was last seen, and which of the two it was.

    The log-odds must come from models that did not know the outcome, or the slope is too steep. Raises ValueError without anybody who left.
    """
    odds, time = np.asarray(log_odds, dtype=float), np.asarray(days, dtype=float)
    usable = np.isfinite(odds) & (time > 0)
    if not left[usable].any():
        raise ValueError("nobody left, so no time to leave can be told")
    rows = np.flatnonzero(usable)
    if len(rows) > MOST_ROWS:
        rows = np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False)
    center = float(odds[rows].mean())
    fitted = PHReg(time[rows], odds[rows, None] - center, status=left[rows].astype(int), ties="breslow").fit(
        groups=pd.factorize(np.asarray(subjects)[rows])[0]
    )
    times, hazards, _ = fitted.baseline_cumulative_hazard[0]
    order = np.argsort(times, kind="stable")
    known_days, known_hazards = np.concatenate([[0.0], times[order]]), np.concatenate([[0.0], hazards[order]])
    middle = known_days[-1] / 2
    tail = (known_hazards[-1] - np.interp(middle, known_days, known_hazards)) / max(known_days[-1] - middle, 1.0)
    return StayingModel(float(fitted.params[0]), center, known_days, np.maximum.accumulate(known_hazards), float(tail))
