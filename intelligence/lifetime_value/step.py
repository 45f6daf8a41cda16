"""The lifetime value step on a warehouse, whoever starts it: the command line or Dagster. What it reads and where its results lie is said here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from intelligence.lifetime_value.contractual import Departures, Retention, departures, learn_retention
from intelligence.lifetime_value.holdout import by_group, measure, tenths, verdict
from intelligence.lifetime_value.repeat_buying import (
    DAYS_A_MONTH,
    RepeatBuying,
    holdout_of_purchases,
    learn_repeat_buying,
    summary_until,
)
from intelligence.lifetime_value.tables import SCHEMA, TABLES
from intelligence.warehouse import Step, StepReport, replace_rows

#: Tables the step reads. They are built before it; what reads its results is built after it.
PURCHASES = "silver.purchase_days"
SPELLS = "silver.subscription_spells"
SETTINGS = "silver.lifetime_value_settings"
CONTRACTUAL = "contractual"
NON_CONTRACTUAL = "non_contractual"
#: Fewer departures than this teach nothing of staying; so few will do to have a look at the hold-out.
FEWEST_DEPARTURES = 20
FEWEST_DEPARTURES_BEFORE_HOLDOUT = 10
#: Fewer customers who bought twice teach nothing of coming back.
FEWEST_REPEAT_BUYERS = 50
#: A hold-out of purchases takes no more than this part of the history.
MOST_OF_HISTORY = 3
#: A total of the hold-out missed by less than this part is no ground to refuse a model. Most subscriptions stay, so their total varies little.
TOLERATED_MISS = {CONTRACTUAL: 0.05, NON_CONTRACTUAL: 0.25}
FREQUENCY_GROUPS = {"once": (0, 0), "twice": (1, 1), "3 to 4 times": (2, 3), "5 times or more": (4, np.inf)}


@dataclass
class LifetimeValueReport(StepReport):
    """What a run of the step did.

    Attributes:
        foretold: customers with a value, by kind.
        states: what the model of each kind is, in words.
    """

    foretold: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """What the dbt variables say: horizon (months), discount rate (a year), days of the hold-out, margin (0 to 1), and the moment."""

    as_of: pd.Timestamp
    horizon_months: int
    discount_rate: float
    holdout_days: int
    gross_margin: float


@dataclass
class Learnt:
    """What came of one kind of customers: a row for the models, the hold-out by group, and what is foretold."""

    model: dict[str, Any]
    holdout: pd.DataFrame | None = None
    predictions: pd.DataFrame | None = None


class TooFewError(ValueError):
    """There is too little to learn from; the message is the reason that is kept."""


def _bring_up_to_date(
    con: duckdb.DuckDBPyConnection, data_dir: Path, retrain: bool, tell: Callable[[str], None]
) -> LifetimeValueReport:
    settings = _settings(con)
    days = con.execute(
        "select person_key as customer_id, golden_customer_id is not null as is_known, cast(purchased_on as timestamp) as purchased_at, "
        f"cast(value_usd as double) as value, is_purchase_day from {PURCHASES} order by all"
    ).df()
    spells = con.execute(
        "select is_past, seen_at, customer_id, customer_tier, entry_months, tenure_months, has_ended, months_to_notice, months_kept, "
        "has_left_since, cast(monthly_margin_usd as double) as monthly_margin, cast(margin_kept_usd as double) as margin_kept "
        f"from {SPELLS} order by is_past, customer_id, spell_number"
    ).df()
    report = LifetimeValueReport()
    results: dict[str, list[pd.DataFrame]] = {table: [] for table in TABLES}
    kinds: tuple[tuple[str, Callable[[], Learnt]], ...] = (
        (CONTRACTUAL, lambda: _contracts(spells, settings)),
        (NON_CONTRACTUAL, lambda: _purchases(days, settings)),
    )
    for kind, learn in kinds:
        tell(f"learning what {'subscriptions' if kind == CONTRACTUAL else 'customers without a contract'} are worth")
        learnt = learn()
        model = _identified(kind, learnt.model, settings)
        results["models"].append(pd.DataFrame([model]))
        for table, rows in (("holdout", learnt.holdout), ("predictions", learnt.predictions)):
            if rows is not None and len(rows):
                results[table].append(rows.assign(model_id=model["model_id"], kind=kind))
        report.states[kind] = str(model["state"])
        report.foretold[kind] = 0 if learnt.predictions is None else len(learnt.predictions)
    con.execute("begin")
    for table, parts in results.items():
        replace_rows(con, f"{SCHEMA}.{table}", pd.concat(parts, ignore_index=True) if parts else None)
    con.execute("commit")
    words = {CONTRACTUAL: "accounts with a subscription", NON_CONTRACTUAL: "customers without a contract"}
    said = ", ".join(
        f"{report.foretold[kind]:,} {words[kind]}" + (f" ({state})" if state != "current" else "")
        for kind, state in report.states.items()
    )
    report.sentence = f"foretold the lifetime value of {said}"
    for kind, state in report.states.items():
        report.figures[words[kind]] = report.foretold[kind]
        report.figures[f"model of {words[kind]}"] = state
    return report


def _settings(con: duckdb.DuckDBPyConnection) -> Settings:
    row = con.execute(
        f"select as_of, horizon_months, discount_rate, holdout_days, gross_margin from {SETTINGS}"
    ).fetchall()[0]
    return Settings(pd.Timestamp(row[0]), int(row[1]), float(row[2]), int(row[3]), float(row[4]))


def _identified(kind: str, model: dict[str, Any], settings: Settings) -> dict[str, Any]:
    mark = hashlib.sha256(json.dumps(model, default=str, sort_keys=True).encode()).hexdigest()[:12]
    return {
        "model_id": f"ltv-{kind}-{settings.as_of:%Y%m%d}-{mark}",
        "kind": kind,
        "fitted_at": settings.as_of,
        **model,
    }


# Subscriptions.


def _contracts(spells: pd.DataFrame, settings: Settings) -> Learnt:
    past, now = (spells[spells["is_past"] == is_past].reset_index(drop=True) for is_past in (True, False))
    counts = departures(now)
    model: dict[str, Any] = {"customers": int(now["customer_id"].nunique()), "events": int(counts.count)}
    if counts.count < FEWEST_DEPARTURES:
        reason = f"Of {model['customers']:,} accounts {model['events']:,} left; {FEWEST_DEPARTURES} are needed to learn from."
        return Learnt({**model, "state": "too few", "reason": reason})
    before = departures(past)
    running = past[~past["has_ended"]].reset_index(drop=True)
    model |= {
        "holdout_from": settings.as_of - pd.Timedelta(days=settings.holdout_days),
        "holdout_days": settings.holdout_days,
        "holdout_customers": len(running),
        "learnt_events": int(before.count),
    }
    if before.count < FEWEST_DEPARTURES_BEFORE_HOLDOUT or running.empty:
        reason = (
            f"{model['learnt_events']:,} accounts had left when the hold-out began; {FEWEST_DEPARTURES_BEFORE_HOLDOUT} are needed to learn "
            "from, so how well it foretells cannot be told."
        )
        return Learnt({**model, "state": "too few", "reason": reason})
    tested = _holdout_of_contracts(_retentions(past), running, settings.holdout_days / DAYS_A_MONTH)
    measured = measure(tested)
    # Judged by months: in dollars a few large accounts would decide, and what is learnt is how long accounts stay, whatever they pay.
    error, naive_error = (
        float(np.sqrt(((tested[name] - running["months_kept"]) ** 2).mean()))
        for name in ("foretold_months", "naive_months")
    )
    state, reason = verdict(measured, error, naive_error, "months", TOLERATED_MISS[CONTRACTUAL])
    model |= {"judged_by": "months", "judged_error": error, "naive_judged_error": naive_error}
    growth = measured["observed_with_growth_usd"]
    reason += f" Departures: {measured['foretold_events']:,.0f} foretold, {measured['observed_events']:,.0f} came."
    reason += f" With growth, returns and smaller contracts {growth:,.0f} came: what is foretold is today's contract at today's price."
    tiers = _retentions(now)
    parameters = {
        tier: {**asdict(one.likeliest), "departures": int(departures(now[now["customer_tier"] == tier]).count)}
        for tier, one in tiers.items()
    }
    holdout = by_group(
        tested, {"tenth of what was foretold": tenths(tested["foretold_usd"]), "tier": running["customer_tier"]}
    )
    learnt = Learnt(
        {**model, **measured, "state": state, "reason": reason, "parameters": json.dumps(parameters)}, holdout
    )
    if state == "current":
        learnt.predictions = _worth_of_contracts(tiers, now[~now["has_ended"]].reset_index(drop=True), settings)
    return learnt


def _retentions(spells: pd.DataFrame) -> dict[str, Retention]:
    """What is known of staying, for each tier: its own departures, leaning on those of all others where they are few."""
    size = len(departures(spells).left) - 1
    counts = {str(tier): departures(part, size) for tier, part in spells.groupby("customer_tier", sort=True)}
    nothing = Departures(*(np.zeros(size + 1) for _ in range(3)))
    found = {}
    for tier, own in counts.items():
        others = nothing
        for other, more in counts.items():
            others = others.plus(more, 0.0 if other == tier else 1.0)
        found[tier] = learn_retention(own, others)
    return found


def _by_tier(tiers: dict[str, Retention], spells: pd.DataFrame, months: float, discount_rate: float) -> pd.DataFrame:
    """What running spells bring in so many months, in their order; one that will end by notice brings nothing after it."""
    until = spells["months_to_notice"].fillna(np.inf).clip(upper=months)
    parts = []
    for tier, part in spells.groupby("customer_tier", sort=True):
        value = tiers[str(tier)].value(
            np.floor(part["tenure_months"].to_numpy(dtype=float)),
            part["monthly_margin"].to_numpy(dtype=float),
            until[part.index].to_numpy(dtype=float),
            discount_rate,
        )
        parts.append(value.set_index(part.index))
    found = pd.concat(parts).sort_index()
    found.loc[until < months, "kept"] = 0.0
    return found


def _holdout_of_contracts(tiers: dict[str, Retention], running: pd.DataFrame, months: float) -> pd.DataFrame:
    value = _by_tier(tiers, running, months, 0.0)
    return pd.DataFrame(
        {
            "customer_id": running["customer_id"],
            "foretold_months": value["expected_months"],
            "naive_months": months,
            "foretold_events": 1 - value["kept"],
            "naive_events": 0.0,
            "observed_events": running["has_left_since"].astype(float),
            "foretold_usd": value["expected"],
            "naive_usd": running["monthly_margin"] * months,
            "observed_usd": running["monthly_margin"] * running["months_kept"],
            "observed_with_growth_usd": running["margin_kept"],
            "low": value["low"],
            "high": value["high"],
        }
    )


def _worth_of_contracts(tiers: dict[str, Retention], running: pd.DataFrame, settings: Settings) -> pd.DataFrame | None:
    if running.empty:
        return None
    value = _by_tier(tiers, running, settings.horizon_months, settings.discount_rate)
    return pd.DataFrame(
        {
            "customer_id": running["customer_id"],
            "horizon_months": settings.horizon_months,
            "probability_kept": value["kept"],
            "expected_usd": value["expected"],
            "low_usd": value["low"],
            "high_usd": value["high"],
        }
    )


# Purchases without a contract.


def _purchases(days: pd.DataFrame, settings: Settings) -> Learnt:
    today = settings.as_of.normalize()
    summary = summary_until(days, today)
    model: dict[str, Any] = {"customers": len(summary), "events": int(days["is_purchase_day"].sum())}
    try:
        _enough(summary, "customers")
        fitted = learn_repeat_buying(days, summary, today)
        first = days.loc[days["is_purchase_day"], "purchased_at"].min()
        holdout_days = min(settings.holdout_days, int((today - first).days) // MOST_OF_HISTORY)
        cut = today - pd.Timedelta(days=holdout_days)
        known = summary_until(days, cut)
        learnt_events = int((days["is_purchase_day"] & (days["purchased_at"] <= cut)).sum())
        model |= {
            "holdout_from": cut,
            "holdout_days": holdout_days,
            "holdout_customers": len(known),
            "learnt_events": learnt_events,
        }
        _enough(known, "customers before the hold-out")
        before = learn_repeat_buying(days, known, cut)
    except ValueError as error:
        reason = str(error).rstrip(".")
        return Learnt({**model, "state": "too few", "reason": reason[:1].upper() + reason[1:] + "."})
    tested = holdout_of_purchases(days, known, before, cut, holdout_days, settings.gross_margin)
    measured = measure(tested)
    off, naive_off = (measured[f"{name}root_mean_squared_error_usd"] for name in ("", "naive_"))
    state, reason = verdict(measured, off, naive_off, "US dollars", TOLERATED_MISS[NON_CONTRACTUAL])
    model |= {"judged_by": "US dollars", "judged_error": off, "naive_judged_error": naive_off}
    is_known = days.drop_duplicates("customer_id").set_index("customer_id")["is_known"]
    holdout = by_group(
        tested,
        {
            "tenth of what was foretold": tenths(tested["foretold_usd"]),
            "bought before": _frequency_groups(tested["repeats"]),
            "person": tested["customer_id"].map(is_known).map({True: "known person", False: "visitor or login"}),
        },
    )
    text = json.dumps({"fitted": _parameters(fitted), "before the hold-out": _parameters(before)})
    learnt = Learnt({**model, **measured, "state": state, "reason": reason, "parameters": text}, holdout)
    if state == "current":
        # What was learnt up to the hold-out may be sound where what is learnt up to today is not: parameters that run off to where the formulas end.
        worth = _worth_of_buyers(fitted, summary, settings)
        numbers = np.isfinite(worth[["expected_usd", "low_usd", "high_usd"]].to_numpy(dtype=float)).all(axis=1)
        if numbers.all():
            learnt.predictions = worth
        else:
            said = f"It foretells no number for {int((~numbers).sum()):,} of {len(worth):,} customers"
            learnt.model |= {"state": "no better than naive", "reason": f"{said}, so it is not used."}
    return learnt


def _enough(summary: pd.DataFrame, who: str) -> None:
    again = int((summary["frequency"] > 0).sum())
    if again < FEWEST_REPEAT_BUYERS:
        raise TooFewError(
            f"Of {len(summary):,} {who} {again:,} bought on two days or more; {FEWEST_REPEAT_BUYERS} are needed to learn from"
        )


def _parameters(fitted: RepeatBuying) -> dict[str, float]:
    return {**asdict(fitted.buying), **asdict(fitted.spending), "kept_share": fitted.kept_share}


def _frequency_groups(repeats: pd.Series) -> pd.Series:
    names = pd.Series(list(FREQUENCY_GROUPS)[-1], index=repeats.index)
    for name, (least, most) in FREQUENCY_GROUPS.items():
        names = names.mask((repeats >= least) & (repeats <= most), name)
    return names.astype(pd.CategoricalDtype(list(FREQUENCY_GROUPS), ordered=True))


def _worth_of_buyers(fitted: RepeatBuying, summary: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    value = fitted.foretell(summary, settings.horizon_months, settings.gross_margin, settings.discount_rate)
    names = {"expected": "expected_usd", "low": "low_usd", "high": "high_usd"}
    return value.rename(columns=names).assign(horizon_months=settings.horizon_months)


STEP = Step(
    name="lifetime value",
    asset="foretell_lifetime_value",
    description="What customers are still worth: survival times margin of subscriptions, BG/NBD and Gamma-Gamma of purchases without a contract.",
    purpose="foretell lifetime value from",
    reads=(PURCHASES, SPELLS, SETTINGS),
    schema=SCHEMA,
    tables=TABLES,
    work=_bring_up_to_date,
)
