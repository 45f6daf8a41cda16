"""How far the churn risk by rule gets towards what the simulated company's true hazard reaches itself, in one run.

python -m benchmarks.churn_risk [accounts] [seed]

A company is simulated and built over a year and a quarter. Observed are its accounts at the month ends of the last year, as in
metrics.score_backtest: in the first quarter the windows of the signals are not full, since the exports hold nothing earlier. Beside the
score stands the true probability that the account gives notice in the month that follows, and the best linear combination of everything
the scores know (the raw values of all signals), fitted by least squares to the true log-odds themselves. Nobody has those: it is the
bound of what weights can do.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from scipy.special import logit
from scipy.stats import mannwhitneyu

from benchmarks.identity import RESULTS, dbt
from simulator.company import simulate

#: part of what the hazard reaches over a coin that the risk is to reach
TARGET = 0.85
END = date(2026, 10, 31)
DAYS, DAYS_TO_FILL_WINDOWS = 455, 90
OBSERVED = """
    select observations.horizon_days, observations.has_decided, observations.score_value, hazards.hazard, signals.*
    from gold.fct_score_observations as observations
    inner join silver.account_signals as signals using (customer_id, date_day)
    inner join '{truth}/hazard_by_month.parquet' as hazards
        on observations.customer_id = hazards.customer_id and observations.date_day + 1 = cast(hazards.month || '-01' as date)
    where observations.score = 'churn_risk' and observations.date_day >= cast('{since}' as date)
    order by observations.horizon_days, observations.date_day, observations.customer_id
"""


def area(score: Any, decided: Any) -> float:
    """Area under the curve: chance that of two accounts the one that decides to leave has the higher value."""
    return float(mannwhitneyu(score[decided], score[~decided]).statistic / (decided.sum() * (~decided).sum()))


def measure(accounts: int, seed: int) -> list[dict[str, Any]]:
    """For each horizon the areas of score, hazard and bound, and the parts of the hazard's that the other two reach over a coin."""
    with tempfile.TemporaryDirectory(prefix="risk-") as name:
        folder = Path(name)
        simulate(accounts=accounts, days=DAYS, seed=seed, end=END, out=folder)
        dbt(folder, "", "+score_backtest")
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
            observed = con.execute(
                OBSERVED.format(truth=folder / "truth", since=END - timedelta(DAYS - DAYS_TO_FILL_WINDOWS))
            ).df()
    signals = observed.select_dtypes("float64").drop(columns=["score_value", "hazard"])
    known = np.hstack(
        [signals.fillna(signals.median()).rank(pct=True).fillna(0), signals.notna(), np.ones((len(signals), 1))]
    )
    observed["bound"] = known @ np.linalg.lstsq(known, logit(observed["hazard"]), rcond=None)[0]
    found = []
    for horizon, rows in observed.groupby("horizon_days"):
        decided = rows["has_decided"].to_numpy()
        areas = {name: area(rows[name].to_numpy(), decided) for name in ("hazard", "score_value", "bound")}
        found.append(
            {
                "horizon_days": int(horizon),
                "observations": len(rows),
                "decided": int(decided.sum()),
                "auc_hazard": round(areas["hazard"], 4),
                "auc_risk": round(areas["score_value"], 4),
                "auc_bound": round(areas["bound"], 4),
                "risk / hazard": round((areas["score_value"] - 0.5) / (areas["hazard"] - 0.5), 3),
                "bound / hazard": round((areas["bound"] - 0.5) / (areas["hazard"] - 0.5), 3),
            }
        )
    return found


def main(accounts: int = 1500, seed: int = 11) -> None:
    """Measure, print and keep the result."""
    horizons = measure(accounts, seed)
    result = {"accounts": accounts, "seed": seed, "target": TARGET, "horizons": horizons}
    (RESULTS / f"churn_risk_{accounts}_{seed}.json").write_text(json.dumps(result, indent=2) + "\n")
    for row in horizons:
        print(row)
    best = max(row["risk / hazard"] for row in horizons)
    print(f"risk reaches {best:.2f} of what the hazard reaches over a coin (target {TARGET})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
