"""Attribution against the planted effects: what each model credits a channel with, beside the purchases that the channel caused.

python -m benchmarks.attribution_truth [people] [days]

For each strength of the hidden intent (0: nothing is confounded) people are simulated, landed and built up to gold.fct_attribution, with the
step that learns. Beside the models stands an experiment for each channel: half of the people, drawn at random, live without it. Models with
a star learn from paths without direct visits, for comparison.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.identity import RESULTS, dbt
from command_line.pipeline import BEFORE_LEARNING
from intelligence.attribution.step import STEP, channel_weights
from simulator.journeys import simulate_campaigns

PEOPLE, DAYS, SEED = 20_000, 90, 3
INTENT_STRENGTHS = (0.0, 1.0, 2.0)
#: Channel groups of the channels that the simulator knows.
CHANNEL_GROUPS = {
    "branch": "Branch", "call": "Call", "direct": "Direct", "direct_mail": "Direct Mail", "display": "Display", "email": "Email",
    "organic_search": "Organic Search", "paid_search": "Paid Search", "paid_social": "Paid Social", "sms": "SMS",
}  # fmt: skip
MODELS = (
    "first_touch", "last_touch", "last_non_direct", "linear", "time_decay", "position_based", "markov", "shapley",
    "markov*", "shapley*",
)  # fmt: skip


def planted(truth: Path) -> dict[str, float]:
    """Purchases that each channel group caused, those that caused none included."""
    with duckdb.connect() as con:
        rows = con.execute(
            f"select channel, incremental_conversions from read_csv('{truth}/campaign_effects.csv')"
        ).fetchall()
    return {CHANNEL_GROUPS[channel]: float(caused) for channel, caused in rows}


def credited(folder: Path) -> tuple[dict[str, dict[str, float]], int]:
    """Build the landed rows; purchases that each model credits each channel group with, and how many purchases there are."""
    dbt(folder, "first", *BEFORE_LEARNING)
    STEP.run(folder / "warehouse.duckdb")
    dbt(folder, "last", "+fct_attribution", exclude=BEFORE_LEARNING)
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select attribution_model, channel_group, sum(credit) from gold.fct_attribution where conversion_name = 'purchase' group by all"
        ).fetchall()
        (purchases,) = con.execute(
            "select count(distinct conversion_id) from gold.fct_attribution where conversion_name = 'purchase'"
        ).fetchall()[0]
        rows += learnt_without_direct(con)
    found: dict[str, dict[str, float]] = {model: {} for model in MODELS}
    for model, channel, credit in rows:
        found[model][channel] = float(credit)
    return found, int(purchases)


def learnt_without_direct(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, float]]:
    """Model, channel and credit of the two models that learn (named with a star), from paths without direct visits; paths of nothing else
    keep theirs, as in GA4. For comparison: the step learns from whole paths.
    """
    paths = con.execute(
        """
        select
            coalesce(
                nullif(array_to_string(list_filter(string_split(path, ' > '), lambda channel: channel <> 'Direct'), ' > '), ''), 'Direct'
            ) as path,
            sum(conversions)::bigint as conversions, sum(value_usd)::double as value_usd, sum(came_to_nothing)::bigint as came_to_nothing
        from silver.touchpoint_paths where conversion_name = 'purchase' group by all order by all
        """
    ).df()
    weights = channel_weights(paths)
    return list(
        zip(
            weights["attribution_model"] + "*",
            weights["channel_group"],
            weights["conversions"].astype(float),
            strict=True,
        )
    )


def error_of_shares(credit: dict[str, float], caused: dict[str, float]) -> float:
    """Total variation distance between the shares of credit and of effect, over the channels with an effect: the part of a budget that
    would lie at the wrong channel if it were split by credit.
    """
    channels = [channel for channel, number in caused.items() if number > 0]
    all_credit, all_caused = (sum(max(0.0, it.get(channel, 0.0)) for channel in channels) for it in (credit, caused))
    if not all_credit:
        return 1.0
    return 0.5 * sum(
        abs(max(0.0, credit.get(channel, 0.0)) / all_credit - caused[channel] / all_caused) for channel in channels
    )


def judge(credit: dict[str, float], caused: dict[str, float]) -> dict[str, float]:
    """Error of the shares; credited by caused, over all channels; the share of credit for channels that caused nothing."""
    total = sum(credit.values())
    with_effect = sum(number for channel, number in credit.items() if caused.get(channel, 0.0) > 0)
    return {
        "error": round(error_of_shares(credit, caused), 4),
        "overstatement": round(total / sum(caused.values()), 3),
        "credit_without_effect": round(1 - with_effect / total, 4),
    }


def experiment(
    channel: str, everything: Path, people: int, days: int, strength: float, place: Path
) -> dict[str, float]:
    """Purchases that a channel causes, as a hold-out sees it: half of the people live with it, the other half without.

    Difference of the purchases of the two halves, for all people; its standard error is that of two means.
    """
    out = place / f"without_{channel}"
    simulate_campaigns(people, days, SEED, strength, out, without=[channel])
    with duckdb.connect() as con:
        (mean_with, error_with), (mean_without, error_without) = con.execute(
            f"""
            with person as (select person_id, md5('{channel}' || person_id) < '8' as is_held_out from '{everything}/truth/shoppers.parquet'),
            bought as (
                select person.person_id, is_held_out, count(event_id) as purchases
                from person left join '{everything}/truth/conversions.parquet' using (person_id) where not is_held_out group by all
                union all
                select person.person_id, is_held_out, count(event_id)
                from person left join '{out}/truth/conversions.parquet' using (person_id) where is_held_out group by all
            )
            select avg(purchases), var_samp(purchases) / count(*) from bought group by is_held_out order by is_held_out
            """
        ).fetchall()
    return {
        "estimate": round(people * (mean_with - mean_without), 1),
        "standard_error": round(people * (error_with + error_without) ** 0.5, 1),
    }


def measure(people: int, days: int, strength: float) -> dict[str, Any]:
    """One strength of the hidden intent through everything."""
    with tempfile.TemporaryDirectory(prefix="attribution-") as name:
        folder = Path(name)
        simulate_campaigns(people, days, SEED, strength, folder)
        caused = planted(folder / "truth")
        credit, purchases = credited(folder)
        held_out = {
            CHANNEL_GROUPS[channel]: experiment(channel, folder, people, days, strength, folder)
            for channel, group in CHANNEL_GROUPS.items()
            if caused[group] > 0
        }
    estimates = {channel: found["estimate"] for channel, found in held_out.items()}
    return {
        "intent_strength": strength,
        "purchases": purchases,
        "caused": caused,
        "models": {model: {**judge(it, caused), "credited": rounded(it)} for model, it in credit.items()},
        "experiments": {"error": round(error_of_shares(estimates, caused), 4), "channels": held_out},
    }


def rounded(numbers: dict[str, float]) -> dict[str, float]:
    """One decimal, channels by name."""
    return {name: round(numbers[name], 1) for name in sorted(numbers)}


def show(found: Sequence[dict[str, Any]]) -> None:
    """Print errors of the models, and per strength what they credit each channel with."""
    print(f"\n{'error of shares':20}" + "".join(f"  intent {it['intent_strength']:3}" for it in found))
    for model in MODELS:
        print(f"{model:20}" + "".join(f"{it['models'][model]['error']:12.1%}" for it in found))
    print(f"{'experiments':20}" + "".join(f"{it['experiments']['error']:12.1%}" for it in found))
    for it in found:
        caused = it["caused"]
        print(
            f"\nintent {it['intent_strength']}: {it['purchases']:,} purchases, {sum(caused.values()):,.0f} caused by channels"
        )
        print(f"{'':16}{'caused':>8}" + "".join(f"{model[:13]:>14}" for model in MODELS) + f"{'experiment':>18}")
        for channel in sorted(caused, key=lambda name: -caused[name]):
            told = it["experiments"]["channels"].get(channel)
            print(
                f"{channel:16}{caused[channel]:8.0f}"
                + "".join(f"{it['models'][model]['credited'].get(channel, 0):14.0f}" for model in MODELS)
                + (f"{told['estimate']:10.0f} ± {1.96 * told['standard_error']:5.0f}" if told else "")
            )
        others = {
            model: sum(v for k, v in it["models"][model]["credited"].items() if k not in caused) for model in MODELS
        }
        print(f"{'others':16}{0:8}" + "".join(f"{others[model]:14.0f}" for model in MODELS))
        for name in ("overstatement", "credit_without_effect"):
            print(f"{name:24}" + "".join(f"{it['models'][model][name]:14.2f}" for model in MODELS))


def main() -> None:
    """Measure, print, keep in results/."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    days = int(sys.argv[2]) if len(sys.argv) > 2 else DAYS
    began = time.perf_counter()
    found = [measure(people, days, strength) for strength in INTENT_STRENGTHS]
    result = {
        "people": people,
        "days": days,
        "seed": SEED,
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": round(time.perf_counter() - began, 1),
        "strengths": found,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"attribution_truth_{people}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{people:,} people, {days} days, {result['seconds']} s in all")
    show(found)


if __name__ == "__main__":
    main()
