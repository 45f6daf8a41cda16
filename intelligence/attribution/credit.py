"""From the weights of channels to the credit of each touchpoint of each conversion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from intelligence.attribution.paths import require_columns


def spread_credit(touchpoints: pd.DataFrame, weights: Mapping[str, float] | pd.Series) -> pd.Series:
    """Credit of every touchpoint: the weight of its channel / the sum of the weights over the touchpoints of its conversion.

    touchpoints: `conversion_id`, `touchpoint_id`, `channel`, in any order. weights: by channel, 0 or more: removal effects or credited conversions
    of either model. Where all weights of a conversion are 0, its touchpoints share equally. Returns `credit` on the table's index;
    it sums to 1 for each conversion_id. Raises ValueError for a column that is missing, and a channel that has no weight or a negative one.
    """
    require_columns(touchpoints, ("conversion_id", "touchpoint_id", "channel"))
    by_channel = pd.Series(weights, dtype="float64")
    channel, names = pd.factorize(touchpoints["channel"])
    if (channel < 0).any():
        raise ValueError("A touchpoint has no channel: name its channel, for instance 'unassigned'.")
    unknown = set(names).difference(by_channel.index)
    if unknown:
        raise ValueError(
            f"Channel {min(map(str, unknown))!r} has no weight: fit the model on paths that hold it, or give it 0."
        )
    weight = by_channel.loc[list(names)].to_numpy()
    if len(weight) != len(names) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError("A weight is negative, missing or given twice: give each channel one weight of 0 or more.")
    conversion, ids = pd.factorize(touchpoints["conversion_id"])
    if (conversion < 0).any():
        raise ValueError("A touchpoint has no conversion_id: fill it or leave the row out.")
    highest = weight.max(initial=0.0)
    weight = weight / highest if highest > 0 else weight  # so that no sum overflows
    each = weight[channel]
    total = np.bincount(conversion, each, len(ids))
    number = np.bincount(conversion, minlength=len(ids))
    weighted = total > 0
    if weighted.all():
        credit = each / total[conversion]
    else:
        scale = np.where(weighted, total, number)
        credit = np.where(weighted[conversion], each, 1.0) / scale[conversion]
    return pd.Series(credit, index=touchpoints.index, name="credit")
