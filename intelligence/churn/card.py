"""The model card: one page, readable offline, on what the churn models know, how they did on a later period, and what they must not be used for."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from intelligence.churn.evaluation import area, calibration
from intelligence.pages import chart, svg, table, write_html

#: Segments with fewer that left have no area worth telling.
FEWEST_LEFT = 5


def write_card(
    path: Path,
    parts: Sequence[tuple[pd.Series, pd.DataFrame]],
    reasons: pd.DataFrame,
    drift: pd.DataFrame,
    as_of: datetime,
    others: Sequence[pd.Series] = (),
) -> Path:
    """Write the card of the models that were trained at `as_of`.

    Args:
        path: where to; folders are made.
        parts: for each model its row of churn.models and its rows of churn.test_scores.
        reasons: churn.reasons of today (customer_id, horizon_days, feature, contribution in log-odds); may be empty.
        drift: churn.drift of today; may be empty.
        as_of: the moment it speaks for.
        others: rows of churn.models for which nothing was trained at `as_of`: refused, or not yet due.
    """
    body = [f"<h1>Who will leave: model card of {as_of:%Y-%m-%d}</h1>", _purpose()]
    for row, tested in parts:
        body.append(_of_horizon(row, tested, reasons))
    body += [
        f"<h2>Within {int(row['horizon_days'])} days</h2><p class='state'>{html.escape(str(row['state']))}</p>"
        f"<p>{html.escape(str(row['reason']))}</p>"
        for row in others
    ]
    body += [_drift(drift), _limits()]
    return write_html(path, "Churn model card", body)


def _purpose() -> str:
    return (
        "<p>For each paying account that has not given notice: the probability that it gives notice of everything within the horizon, or is gone. "
        "It tells customer-success people whom to look at first. It stands beside the churn risk by rule and takes its place nowhere silently.</p>"
    )


def _of_horizon(row: pd.Series, tested: pd.DataFrame, reasons: pd.DataFrame) -> str:
    horizon = int(row["horizon_days"])
    left = tested["has_decided"].to_numpy(dtype=bool)
    measures = [
        (
            "Area under the curve (0.5 is a coin), nine tenths of the draws of accounts",
            f"{row['auc']:.3f} ({row['auc_low']:.3f} to {row['auc_high']:.3f})",
        ),
        ("the same of logistic regression alone", f"{row['auc_baseline']:.3f}"),
        ("the same of the churn risk by rule", f"{row['auc_rule']:.3f}"),
        ("Draws in which it is ahead of the rule", f"{row['beats_rule_share']:.0%}"),
        ("Mean distance of foretold and observed share", f"{row['calibration_error']:.3f}"),
        ("Foretold and observed share that leaves", f"{row['predicted_rate']:.3f} and {row['observed_rate']:.3f}"),
        (
            "Log loss, and that of foretelling the observed share for all",
            f"{row['log_loss']:.4f} and {row['log_loss_of_rate']:.4f}",
        ),
        (
            "Most likely tenth: how many times as often it left, and its share of all who did",
            f"{row['lift_top_tenth']:.1f} and {row['share_in_top_tenth']:.0%}",
        ),
        ("Weight of logistic regression and of the trees", f"{row['weight_linear']:.2f} and {row['weight_trees']:.2f}"),
    ]
    figures = (
        f"<div class='row'>{svg(_calibration_plot(tested))}{svg(_gain_plot(tested))}{svg(_months_plot(tested))}</div>"
    )
    return "".join(
        [
            f"<h2>Within {horizon} days</h2><p class='state'>{html.escape(str(row['state']))}</p><p>{html.escape(str(row['reason']))}</p>",
            f"<p>From {int(row['observations']):,} observations of {int(row['accounts']):,} accounts from {_day(row['data_from'])} to "
            f"{_day(row['data_until'])}, of which {int(row['accounts_left']):,} left. "
            f"Judged on {len(tested):,} observations from {_day(row['test_from'])} on, {int(left.sum()):,} of them before "
            "a departure, by a model that had learnt from nothing decided later than that day.</p>",
            table(["Measured on the later period", ""], measures),
            figures,
            "<h3>By tier and tenure</h3>",
            _segments(tested),
            _features(reasons, horizon),
        ]
    )


def _segments(tested: pd.DataFrame) -> str:
    tenure = pd.cut(tested["tenure_days"], [-1, 90, 365, 10**6], labels=["first quarter", "first year", "longer"])
    groups = [("tier", tested["customer_tier"].fillna("not known")), ("tenure", tenure.astype("string"))]
    rows = []
    for kind, group in groups:
        for name, part in tested.groupby(group):
            left = part["has_decided"].to_numpy(dtype=bool)
            reached = (
                f"{area(part['probability'].to_numpy(dtype=float), left):.3f}"
                if left.sum() >= FEWEST_LEFT
                else "too few left"
            )
            rows.append(
                (
                    f"{kind}: {name}",
                    f"{len(part):,}",
                    f"{part['probability'].mean():.3f}",
                    f"{left.mean():.3f}",
                    reached,
                )
            )
    return table(["Segment", "Observations", "Foretold", "Observed", "Area under the curve"], rows)


def _features(reasons: pd.DataFrame, horizon: int) -> str:
    if reasons.empty:
        return ""
    of_horizon = reasons[reasons["horizon_days"] == horizon]
    if of_horizon.empty:
        return ""
    weight = of_horizon.groupby("feature")["contribution"].agg(lambda values: float(np.abs(values).mean()))
    rows = [(str(name), f"{value:.3f}") for name, value in weight.sort_values(ascending=False).head(15).items()]
    return (
        "<h3>What moves the probability of the accounts at risk</h3>"
        + table(["Feature", "Mean size of its part (log-odds)"], rows)
        + f"<p>{len(weight)} features in all; those not shown move less.</p>"
    )


def _drift(drift: pd.DataFrame) -> str:
    if drift.empty:
        return ""
    rows = [
        (str(row.feature), f"{row.stability_index:.3f}", f"{row.missing_then:.1%}", f"{row.missing_now:.1%}")
        for row in drift.head(10).itertuples()
    ]
    return (
        "<h2>Today beside the time of learning</h2><p>Population stability index: below 0.1 is usual, above 0.25 a reason to look.</p>"
        + table(["Feature", "Stability index", "Missing then", "Missing today"], rows)
    )


def _limits() -> str:
    return (
        "<h2>Limits</h2><ul><li>What is foretold is association: a feature that moves a probability need not be why somebody leaves, and changing it "
        "need not keep them.</li><li>Where we have stepped in, the outcome is that of the account with our help.</li>"
        "<li>Observations lie a week apart, so those of one account resemble each other: intervals come from drawing accounts, not rows.</li>"
        "<li>Not for decisions about persons, credit or employment.</li><li>Trained anew when a week has passed, and kept only if better on "
        "what neither had seen.</li></ul>"
    )


def _calibration_plot(tested: pd.DataFrame) -> Figure:
    tenths = calibration(tested["probability"].to_numpy(dtype=float), tested["has_decided"].to_numpy(dtype=bool))
    figure, axes = chart("Foretold and observed share, by tenths")
    top = float(max(tenths["predicted"].max(), tenths["observed"].max())) * 1.05
    axes.plot([0, top], [0, top], color="#bbb", linewidth=1)
    axes.plot(tenths["predicted"], tenths["observed"], "o-", color="#4878a8", markersize=4)
    axes.set(xlabel="foretold", ylabel="observed")
    return figure


def _gain_plot(tested: pd.DataFrame) -> Figure:
    figure, axes = chart("Share of departures among those looked at first")
    share = np.linspace(0, 1, len(tested) + 1)
    for name, colour, words in (
        ("probability", "#4878a8", "model"),
        ("churn_risk_score", "#e49444", "rule"),
    ):
        ordered = tested.sort_values(name, ascending=False, na_position="last", kind="stable")["has_decided"].to_numpy(
            dtype=float
        )
        axes.plot(share, np.concatenate([[0], ordered.cumsum()]) / ordered.sum(), color=colour, label=words)
    axes.plot([0, 1], [0, 1], color="#bbb", linewidth=1, label="coin")
    axes.set(xlabel="share of accounts", ylabel="share of departures")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _months_plot(tested: pd.DataFrame) -> Figure:
    figure, axes = chart("Back-test: foretold and observed share by month")
    months = tested.groupby(pd.to_datetime(tested["date_day"]).dt.strftime("%Y-%m"))[
        ["probability", "has_decided"]
    ].mean()
    axes.plot(months.index, months["probability"], "o-", color="#4878a8", label="foretold", markersize=4)
    axes.plot(months.index, months["has_decided"].astype(float), "o-", color="#d1615d", label="observed", markersize=4)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _day(value: object) -> str:
    return f"{pd.Timestamp(value):%Y-%m-%d}"
