"""Records what the package ChannelAttribution says of drawn paths, as a reference that needs no compiler where the tests run.

pip install ChannelAttribution==2.2.5 && python -m tests.python.attribution.channelattribution

The package (Altomare and Loris, https://channelattribution.io) is built from source; its Markov model simulates walks until they converge.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

RECORDED = Path(__file__).with_name("channelattribution_2.2.5.json")
WALKS = 20_000_000
#: By default the package cuts walks off at the longest path seen, which moves credit by one or two percent.
LONGEST_WALK = 100_000


def main() -> None:
    """Write RECORDED anew."""
    from ChannelAttribution import markov_model

    draw = np.random.default_rng(1)
    paths = pd.DataFrame(
        [
            (
                " > ".join(draw.choice(list("abcdef"), draw.integers(1, 8))),
                int(draw.integers(1, 20)),
                int(draw.integers(1, 900)),
                int(draw.integers(0, 40)),
            )
            for _ in range(120)
        ],
        columns=["path", "total_conversions", "total_conversion_value", "total_null"],
    )
    found = {"paths": paths.to_dict("list")}
    for order in (1, 2):
        said = markov_model(
            paths, "path", "total_conversions", var_value="total_conversion_value", var_null="total_null",
            order=order, nsim_start=WALKS, max_step=LONGEST_WALK, conv_par=0.001, verbose=False, flg_pro=False,
        )  # fmt: skip
        found[f"order {order}"] = said.to_dict("list")
    RECORDED.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
