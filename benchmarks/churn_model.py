"""How near the churn model comes to what the simulated company's true hazard reaches itself, on a later period, in one run.

python -m benchmarks.churn_model [accounts] [seed]

A company is simulated and built over a year and a quarter, the models are trained by the churn step, and what each foretold for its later
period stands beside the true probability that the account gives notice in the month. The hazard is drawn at the beginning of a
month, so only observations of its first week are compared: those of later know what the hazard does not.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from sklearn.metrics import roc_auc_score

from benchmarks.identity import RESULTS, dbt
from intelligence.churn.step import STEP
from simulator.company import simulate

#: most that the model may stay behind the hazard's own area under the curve
TARGET = 0.01
END = date(2026, 10, 31)
DAYS = 455
TESTED = """
    select scores.*, hazards.hazard
    from churn.test_scores as scores
    inner join '{truth}/hazard_by_month.parquet' as hazards
        on scores.customer_id = hazards.customer_id and strftime(scores.date_day, '%Y-%m') = hazards.month
    where day(scores.date_day) <= 7
    order by scores.horizon_days, scores.date_day, scores.customer_id
"""


def measure(folder: Path) -> list[dict[str, Any]]:
    """For each horizon the areas of hazard, model, logistic regression and rule over a built company whose truth lies in `folder`."""
    report = STEP.run(folder / "warehouse.duckdb", retrain=True, progress=print)
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        tested = con.execute(TESTED.format(truth=folder / "truth")).df()
    found = []
    for horizon, rows in tested.groupby("horizon_days"):
        left = rows["has_decided"].to_numpy(dtype=bool)
        scores = {
            "hazard": rows["hazard"],
            "model": rows["probability"],
            "logistic regression": rows["baseline_probability"],
            "rule": rows["churn_risk_score"].fillna(0),
        }
        areas = {f"auc of {name}": round(float(roc_auc_score(left, score)), 4) for name, score in scores.items()}
        found.append(
            {
                "horizon_days": int(horizon),
                "state": report.states[int(horizon)],
                "observations": len(rows),
                "decided": int(left.sum()),
                **areas,
                "behind the hazard": round(areas["auc of hazard"] - areas["auc of model"], 4),
            }
        )
    return found


def main(accounts: int = 4000, seed: int = 21) -> None:
    """Measure, print and keep the result."""
    with tempfile.TemporaryDirectory(prefix="churn-") as name:
        folder = Path(name)
        simulate(accounts=accounts, days=DAYS, seed=seed, end=END, out=folder)
        dbt(folder, "", "+fct_churn_observations")
        horizons = measure(folder)
    result = {"accounts": accounts, "seed": seed, "target": TARGET, "horizons": horizons}
    (RESULTS / f"churn_model_{accounts}_{seed}.json").write_text(json.dumps(result, indent=2) + "\n")
    for row in horizons:
        print(row)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
