"""The search for the parameters that make what was seen most likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Array = npt.NDArray[np.float64]

#: Logs of parameters are looked for between minus and plus this.
BOUND = 9.0


def likeliest(loss: Callable[[Array], float], starts: Sequence[Sequence[float]]) -> Array:
    """Parameters (above 0) whose logs make `loss` least, from the best of several starts. Raises ValueError where no minimum is found."""
    found = [
        minimize(loss, start, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * len(start), options={"maxiter": 2_000})
        for start in starts
    ]
    best = min(found, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun):
        raise ValueError("no maximum of the likelihood was found")
    return np.asarray(np.exp(best.x))
