"""A million journeys through every attribution model, from the long table.

python -m benchmarks.attribution [journeys]

The table has a row per touchpoint, ordered by journey and time: 8 channels, geometric lengths with a mean of 3. Four in ten journeys convert. The
rules and the spreading of credit take every journey for a conversion, which is more work than there is. What is timed begins with the pandas tables
and ends with the credit of every touchpoint by six rules and by three fitted models. The fastest of three runs is
kept. The same from rows in random order is timed by itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from intelligence.attribution import credit, rules
from intelligence.attribution.markov import markov_removal_effects
from intelligence.attribution.paths import paths_from_touchpoints
from intelligence.attribution.shapley import shapley_values

RESULTS = Path(__file__).parent / "results"
CHANNELS = ("affiliates", "direct", "display", "email", "organic_search", "paid_search", "paid_social", "referral")
TARGET_SECONDS = 3.0
RUNS = 3


def make_journeys(journeys: int, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Touchpoints (conversion_id, touchpoint_id, channel, occurred_at) and what became of each journey."""
    draw = np.random.default_rng(seed)
    length = draw.geometric(1 / 3, journeys)
    journey = np.repeat(np.arange(journeys), length)
    touches = len(journey)
    popularity = np.arange(1, len(CHANNELS) + 1) / np.arange(1, len(CHANNELS) + 1).sum()
    gap = draw.integers(1, 3 * 86_400_000_000, touches)
    touchpoints = pd.DataFrame(
        {
            "conversion_id": journey,
            "touchpoint_id": np.arange(touches),
            "channel": pd.Series(
                np.array(CHANNELS, dtype=object)[draw.choice(len(CHANNELS), touches, p=popularity)]
            ).astype("str"),
            # Each journey begins at some moment of a year; its touches follow one another.
            "occurred_at": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(np.cumsum(gap) - np.repeat(np.cumsum(gap)[np.cumsum(length) - length], length), unit="us")
            + pd.to_timedelta(np.repeat(draw.integers(0, 365 * 86_400, journeys), length), unit="s"),
        }
    )
    converted = draw.random(journeys) < 0.4
    outcomes = pd.DataFrame(
        {
            "path_id": np.arange(journeys),
            "total_conversions": converted.astype(int),
            "total_conversion_value": np.where(converted, draw.gamma(2.0, 40.0, journeys).round(2), 0.0),
            "total_null": (~converted).astype(int),
        }
    )
    return touchpoints, outcomes


def run(touchpoints: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, float]:
    """Seconds of each step by the clock; of all together also those of the processor, which a busy machine prolongs less."""
    seconds = {"all, processor": 0.0}

    def timed(name: str, what: Callable[..., Any], *given: Any) -> Any:
        began, used = time.perf_counter(), time.process_time()
        found = what(*given)
        seconds[name] = round(time.perf_counter() - began, 3)
        seconds["all, processor"] += time.process_time() - used
        return found

    touches = timed("ordering touchpoints", rules.order_touches, touchpoints)
    credits = [
        timed(rule.__name__, rule, touches)
        for rule in (
            rules.first_touch,
            rules.last_touch,
            rules.last_non_direct_touch,
            rules.linear,
            rules.time_decay,
            rules.position_based,
        )
    ]
    long = touchpoints.rename(columns={"conversion_id": "path_id", "occurred_at": "position"})
    paths = timed("paths", paths_from_touchpoints, long, outcomes)
    fitted = {
        "markov, order 1": timed("markov, order 1", markov_removal_effects, paths, 1).channels,
        "markov, order 2": timed("markov, order 2", markov_removal_effects, paths, 2).channels,
        "shapley": timed("shapley", shapley_values, paths),
    }
    for name, channels in fitted.items():
        weights = channels.set_index("channel")["total_conversions"]
        credits.append(timed(f"credit by {name}", credit.spread_credit, touchpoints, weights).to_numpy())
    for each in credits:
        if not np.isclose(each.sum(), len(outcomes)):
            raise SystemExit("Credit does not sum to the conversions.")
    processor = round(seconds.pop("all, processor"), 3)
    return {"all": round(sum(seconds.values()), 3), "all, processor": processor, **seconds}


def main() -> None:
    """Time it, print it, keep it in results/."""
    journeys = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    touchpoints, outcomes = make_journeys(journeys)
    result = {
        "journeys": journeys,
        "touchpoints": len(touchpoints),
        "channels": len(CHANNELS),
        "target_seconds": TARGET_SECONDS,
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": min((run(touchpoints, outcomes) for _ in range(RUNS)), key=lambda it: it["all"]),
        "seconds, rows in random order": run(touchpoints.sample(frac=1, random_state=1), outcomes),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"attribution_{journeys}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{journeys:,} journeys, {len(touchpoints):,} touchpoints, target {TARGET_SECONDS} s")
    for part in ("seconds", "seconds, rows in random order"):
        print(part)
        for name, seconds in result[part].items():  # type: ignore[attr-defined]
            print(f"  {name:34} {seconds:7.3f}")


if __name__ == "__main__":
    main()
