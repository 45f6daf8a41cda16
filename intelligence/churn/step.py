"""The churn step on a warehouse, whoever starts it: the command line or Dagster. What it reads and where its results lie is said here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy.special import expit

from intelligence.churn.card import write_card
from intelligence.churn.evaluation import population_stability
from intelligence.churn.learning import (
    Verdict,
    features_of,
    judge_again,
    learn,
    outcomes,
    stays,
)
from intelligence.churn.model import ChurnModel
from intelligence.churn.survival import StayingModel, fit_staying
from intelligence.churn.tables import SCHEMA, TABLES
from intelligence.warehouse import Step, StepReport, replace_rows

#: Tables the step reads. They are built before it; what reads its results is built after it.
OBSERVATIONS = "gold.fct_churn_observations"
AS_OF = "silver.as_of"
HORIZONS = (30, 60, 90)
#: The horizon whose model the times to leave and the drift are told by.
MAIN_HORIZON = 30
#: A model is at least so old before another is tried.
RETRAIN_AFTER = timedelta(days=7)
#: Reasons are told of accounts at least so many times as likely to leave as the average account, and of the most likely tenth.
AT_RISK = 2.0


@dataclass
class ChurnReport(StepReport):
    """What a run of the step did.

    Attributes:
        scored: accounts that have a probability.
        states: for each horizon what the model there is, in words.
        trained: horizons for which a model was trained in this run.
    """

    scored: int = 0
    states: dict[int, str] = field(default_factory=dict)
    trained: list[int] = field(default_factory=list)


def _bring_up_to_date(
    con: duckdb.DuckDBPyConnection, data_dir: Path, retrain: bool, tell: Callable[[str], None]
) -> ChurnReport:
    as_of = con.execute(f"select as_of from {AS_OF}").fetchall()[0][0]
    observations = con.execute(f"select * from {OBSERVATIONS} order by date_day, customer_id").df()
    observations["date_day"] = pd.to_datetime(observations["date_day"])
    kept = con.execute(f"select * from {SCHEMA}.models where not ?", [retrain]).df()
    report = ChurnReport()
    results: dict[str, list[pd.DataFrame]] = {table: [] for table in TABLES}
    card_parts, others = [], []
    for horizon in HORIZONS:
        of_horizon = kept[kept["horizon_days"] == horizon]
        models, tested, model = _model_for(observations, horizon, of_horizon, as_of, report, tell)
        results["models"].append(models)
        current = models[models["state"] == "current"]
        report.states[horizon] = str(models.iloc[-1]["state"])
        if tested is not None:
            results["test_scores"].append(tested.assign(model_id=models.iloc[-1]["model_id"], horizon_days=horizon))
            card_parts.append((models.iloc[-1], tested))
        else:
            others.append(models.iloc[-1])
        if model is not None and len(current):
            _score(observations, horizon, model, current.iloc[-1], results, tell)
    tables = {table: pd.concat(parts, ignore_index=True) for table, parts in results.items() if parts}
    report.scored = int(tables["predictions"]["customer_id"].nunique()) if "predictions" in tables else 0
    if card_parts:
        drift = tables.get("drift", pd.DataFrame())
        reasons = tables.get("reasons", pd.DataFrame())
        path = data_dir / "reports" / f"churn_model_{as_of:%Y-%m-%d}.html"
        report.page = write_card(path, card_parts, reasons, drift, as_of, others)
    con.register("fresh_models", tables["models"])
    con.execute("begin")
    for table in TABLES:
        fresh = tables.get(table)
        keep = "false"
        if table == "test_scores":
            # What a model was tested on is kept as long as the model is.
            tested = [] if fresh is None else sorted(set(fresh["model_id"]))
            anew = " and not list_contains(" + str(tested) + ", model_id)" if tested else ""
            keep = "model_id in (select model_id from fresh_models)" + anew
        replace_rows(con, f"{SCHEMA}.{table}", fresh, keep)
    con.execute("commit")
    states = {horizon: "in use" if state == "current" else state for horizon, state in report.states.items()}
    said = ", ".join(f"{horizon} days: {state}" for horizon, state in states.items())
    report.sentence = f"foretold who leaves for {report.scored:,} accounts ({said})"
    report.figures = {
        "accounts": report.scored,
        **{f"within {horizon} days": state for horizon, state in report.states.items()},
        "trained": ", ".join(f"{horizon} days" for horizon in report.trained) or "nothing",
    }
    return report


def _model_for(
    observations: pd.DataFrame,
    horizon: int,
    kept: pd.DataFrame,
    as_of: Any,
    report: ChurnReport,
    tell: Callable[[str], None],
) -> tuple[pd.DataFrame, pd.DataFrame | None, ChurnModel | None]:
    """The models there are for a horizon, the newest last; what a new one was tested on; and the one that is used."""
    current = kept[kept["state"] == "current"]
    before = ChurnModel.from_json(current.iloc[-1]["model"]) if len(current) else None
    if before is not None and not set(before.encoding.features) <= set(observations.columns):
        # What it was trained on is measured no more.
        kept = kept.assign(state=kept["state"].replace("current", "replaced"))
        before = None
    elif len(kept) and kept.iloc[-1]["state"] != "too few" and as_of < kept.iloc[-1]["trained_at"] + RETRAIN_AFTER:
        return kept, None, before
    tell(f"learning who leaves within {horizon} days")
    if before is not None:
        changes, words = judge_again(observations, horizon, before, pd.Timestamp(current.iloc[-1]["data_until"]))
        if not changes:
            looked = f"Looked at again on {as_of:%Y-%m-%d}: {words}"
            is_current = kept["state"] == "current"
            return kept.assign(reason=np.where(is_current, looked, kept["reason"])), None, before
    verdict = learn(observations, horizon)
    if verdict.model is not None:
        report.trained.append(horizon)
    row = _as_row(verdict, horizon, as_of)
    if verdict.model is not None and horizon == MAIN_HORIZON:
        try:
            row["staying"] = fit_staying(*stays(verdict.model, observations, horizon)).to_json()
        except (ValueError, np.linalg.LinAlgError) as error:
            tell(f"no times to leaving: {error}")
    if verdict.state == "current":
        kept = kept.assign(state=kept["state"].replace("current", "replaced"))
    elif before is not None:
        # A new model that does not hold against the rule leaves the old one without ground as well.
        kept = kept.assign(state=kept["state"].replace("current", verdict.state))
    # Of what was refused for want of data only the last word counts, and of the same model as well.
    kept = kept[(kept["state"] != "too few") & (kept["model_id"] != row["model_id"])]
    models = pd.concat([kept, pd.DataFrame([row])], ignore_index=True) if len(kept) else pd.DataFrame([row])
    return (
        models,
        verdict.tested if len(verdict.tested) else None,
        verdict.model if verdict.state == "current" else None,
    )


def _as_row(verdict: Verdict, horizon: int, as_of: Any) -> dict[str, Any]:
    text = verdict.model.to_json() if verdict.model else None
    mark = hashlib.sha256((text or verdict.reason).encode()).hexdigest()[:12]
    return {
        "model_id": f"churn-{horizon}d-{as_of:%Y%m%d}-{mark}",
        "horizon_days": horizon,
        "trained_at": as_of,
        "state": verdict.state,
        "reason": verdict.reason,
        "model": text,
        **{name: value for name, value in verdict.measured.items() if name != "horizon_days"},
    }


def _score(
    observations: pd.DataFrame,
    horizon: int,
    model: ChurnModel,
    used: pd.Series,
    results: dict[str, list[pd.DataFrame]],
    tell: Callable[[str], None],
) -> None:
    today = observations[observations["days_followed"] == 0].reset_index(drop=True)
    if today.empty:
        return
    model_id = str(used["model_id"])
    tell(f"scoring {len(today):,} accounts for {horizon} days")
    a_week_ago = observations[observations["days_followed"] == 7].set_index("customer_id").reindex(today["customer_id"])
    seen = a_week_ago["date_day"].notna().to_numpy()
    then = a_week_ago.reset_index()[today.columns]
    odds = model.log_odds(features_of(today))
    odds_then = np.where(seen, model.log_odds(features_of(then)), np.nan)
    probability = expit(odds)
    of_model = {"model_id": model_id, "horizon_days": horizon}
    results["predictions"].append(
        today[["customer_id", "date_day"]].assign(
            **of_model, probability=probability, log_odds=odds, probability_7d_ago=expit(odds_then)
        )
    )
    at_risk = (probability >= AT_RISK * probability.mean()) | (pd.Series(probability).rank(pct=True) > 0.9).to_numpy()
    features = features_of(today[at_risk])
    added, _ = model.contributions(features)
    added_then, _ = model.contributions(features_of(then[at_risk]))
    added_then.loc[~seen[at_risk]] = np.nan
    long = added.stack().rename("contribution").to_frame()
    long["contribution_7d_ago"] = added_then.stack(future_stack=True).reindex(long.index)
    long["raw_value"] = features[added.columns].astype("string").stack(future_stack=True).reindex(long.index)
    long = long.rename_axis(["row", "feature"]).reset_index()
    long["customer_id"] = today["customer_id"].reindex(long["row"]).to_numpy()
    results["reasons"].append(long.drop(columns="row").assign(**of_model))
    known, _ = outcomes(observations, horizon)
    if horizon == MAIN_HORIZON:
        drift = population_stability(features_of(observations[known]), features_of(today))
        results["drift"].append(drift.assign(**of_model))
        if isinstance(used["staying"], str):
            times = StayingModel.from_json(used["staying"]).times(odds)
            results["expected_times"].append(times.assign(customer_id=today["customer_id"], model_id=model_id))


STEP = Step(
    name="churn",
    asset="predict_churn",
    description="Who will leave, when and why: scores every account, and trains where there is no model or it is a week old.",
    purpose="foretell churn from",
    reads=(OBSERVATIONS, AS_OF),
    schema=SCHEMA,
    tables=TABLES,
    work=_bring_up_to_date,
)
