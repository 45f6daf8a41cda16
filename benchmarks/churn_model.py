"""How near the churn model comes to what the simulated company's true hazard reaches itself, on a later period, in one run.

python -m benchmarks.churn_model [accounts] [seed]

A company is simulated and built over a year and a quarter, the models are trained by the churn step, and what each foretold for its later
period stands beside the true probability that the account gives notice in the month. The hazard is drawn at the beginning of a
month, so only observations of its first week are compared: those of later know what the hazard does not.

The hazard is a sum of planted causes as well: of the accounts at risk, how often a cause stands among their first five reasons where it is planted in
the last month, and where it is not.
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
#: What features tell of each planted cause.
CAUSES = """
    create temp table causes as from (values
        ('term_competitor_talk', 'competitor_mentions'), ('term_price_talk', 'pricing_discussions'), ('term_price_talk', 'budget_constraints'),
        ('term_failed_payments', 'payment_delays'), ('term_failed_payments', 'payment_history'), ('term_bad_talks', 'negative_outcomes'),
        ('term_bad_talks', 'missed_meetings'), ('term_bad_talks', 'outcome_quality'), ('term_bad_talks', 'delayed_responses'),
        ('term_bad_talks', 'response_rate'), ('term_usage_drop', 'declining_login_frequency'), ('term_usage_drop', 'reduced_feature_usage'),
        ('term_usage_drop', 'login_frequency'), ('term_usage_drop', 'health_change_30d'), ('term_absent', 'days_since_last_activity'),
        ('term_absent', 'login_frequency'), ('term_absent', 'declining_login_frequency'), ('term_renewal_month', 'contract_approaching_renewal'),
        ('term_escalations', 'support_escalations'), ('term_open_urgent_tickets', 'ticket_severity')
    ) as named (cause, feature)
"""
#: A cause that adds this much to the log-odds is planted.
PLANTED = 0.2
NAMED = """
    with first_reasons as (
        select customer_id, feature
        from churn.reasons
        where horizon_days = 90 and contribution > 0
        qualify row_number() over (partition by customer_id order by contribution desc) <= 5
    ),
    planted as (
        unpivot (from '{truth}/hazard_by_month.parquet' where month = (select max(month) from '{truth}/hazard_by_month.parquet'))
        on columns('term_.*') into name cause value size
    ),
    told as (
        select planted.cause, planted.size >= {planted} as is_planted, bool_or(first_reasons.feature is not null) as is_named
        from planted
        inner join causes on planted.cause = causes.cause
        left join first_reasons on planted.customer_id = first_reasons.customer_id and causes.feature = first_reasons.feature
        where planted.customer_id in (select customer_id from first_reasons)
        group by planted.customer_id, planted.cause, planted.size
    )
    select
        cause,
        count(*) filter (where is_planted) as accounts,
        round(avg(is_named::int) filter (where is_planted), 2) as named_where_planted,
        round(avg(is_named::int) filter (where not is_planted), 2) as named_elsewhere
    from told group by cause order by cause
"""


def named_causes(folder: Path) -> list[dict[str, Any]]:
    """By cause the share of accounts at risk that have it among their first five reasons, where it is planted and elsewhere."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        con.execute(CAUSES)
        return list(con.execute(NAMED.format(truth=folder / "truth", planted=PLANTED)).df().to_dict("records"))


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
        causes = named_causes(folder)
    result = {"accounts": accounts, "seed": seed, "target": TARGET, "horizons": horizons, "causes": causes}
    (RESULTS / f"churn_model_{accounts}_{seed}.json").write_text(json.dumps(result, indent=2) + "\n")
    for row in [*horizons, *causes]:
        print(row)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
