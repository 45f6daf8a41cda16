"""Whether next best action beats chance on the simulated company, by the off-line estimate, and whether its interval covers the truth.

python -m benchmarks.next_best_action [accounts] [seed]

A company is simulated and built. What could be chosen for each account, with its propensity and what is expected of it, is that of
metrics.action_candidates. What would come of it is the simulator's: an account leaves by its true hazard of the month, and an intervention averts
the share of departures that it averts there, whatever its kind. Logs of half a year of weekly decisions are drawn by the propensities,
and judged as metrics.action_policies judges them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.identity import RESULTS
from command_line.pipeline import Build
from intelligence.actions.policy_value import policy_value
from simulator.company import simulate
from simulator.rescues import SAVES

WEEKS = 26
DRAWS = 200
#: Months of 30 days in the 90 days after which a decision is judged.
MONTHS = 3
CANDIDATES = """
    select candidates.*, hazards.hazard
    from metrics.action_candidates as candidates
    inner join '{truth}/hazard_by_month.parquet' as hazards
        on candidates.customer_id = hazards.customer_id
    where hazards.month = (select max(month) from '{truth}/hazard_by_month.parquet')
    order by candidates.customer_id, candidates.action
"""


def measure(folder: Path) -> dict[str, Any]:
    """What is true of ways of choosing for a built company whose truth lies in `folder`, and how the estimates from drawn logs do."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        table = con.execute(CANDIDATES.format(truth=folder / "truth")).df()

    def wide(column: str) -> np.ndarray:
        pivoted = table.pivot(index="customer_id", columns="action", values=column)
        return np.asarray(pivoted.to_numpy(dtype=float, na_value=np.nan))

    propensities, margin, cost = wide("propensity"), wide("margin_of_a_year_usd"), wide("cost_usd")
    expected = wide("expected_reward_usd")
    leaving = 1 - (1 - wide("hazard")) ** MONTHS
    averted = np.where(table.pivot(index="customer_id", columns="action", values="aim") == "keep", SAVES, 0.0)
    truth = (1 - leaving * (1 - averted)) * margin - cost
    best = (wide("value_rank") == 1).astype(float)
    choosable = propensities > 0
    chance = choosable / choosable.sum(axis=1, keepdims=True)
    nothing = np.zeros_like(best)
    nothing[:, sorted(table["action"].unique()).index("no_action")] = 1
    rng = np.random.default_rng(7)
    policies = {"best expected value": best, "any by chance": chance, "no action": nothing}
    true_value = {name: float((policy * truth).sum(axis=1).mean()) for name, policy in policies.items()}
    true_gain = true_value["best expected value"] - true_value["any by chance"]
    everybody = np.repeat(np.arange(len(truth)), WEEKS)
    covered = ahead = surely = 0
    for _ in range(DRAWS):
        draw = rng.random(len(everybody))[:, None]
        chosen = (propensities[everybody].cumsum(axis=1) > draw).argmax(axis=1)
        stays = rng.random(len(everybody)) < 1 - (leaving * (1 - averted))[everybody, chosen]
        rewards = np.where(stays, margin[everybody, chosen], 0.0) - cost[everybody, chosen]
        gain = policy_value(
            chosen,
            rewards,
            propensities[everybody],
            best[everybody],
            expected=expected[everybody],
            over=chance[everybody],
        )
        covered += gain.low <= true_gain <= gain.high
        ahead += gain.value > 0
        surely += gain.low > 0
    return {
        "accounts": len(truth),
        "decisions a log": len(everybody),
        "true value a decision": {name: round(value, 1) for name, value in true_value.items()},
        "true gain of the best over chance": round(true_gain, 1),
        "logs by which it is ahead": ahead / DRAWS,
        "logs by which it surely is": surely / DRAWS,
        "intervals that cover the truth": covered / DRAWS,
    }


def main(accounts: int = 1500, seed: int = 11) -> None:
    """Measure, print and keep the result."""
    with tempfile.TemporaryDirectory(prefix="actions-") as name:
        folder = Path(name)
        simulate(accounts=accounts, days=365, seed=seed, out=folder)
        build = Build()
        build.do(folder, ["--exclude-resource-type", "test", "unit_test"], tell=print)
        result = {"seed": seed, **measure(folder)}
    (RESULTS / f"next_best_action_{accounts}_{seed}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
