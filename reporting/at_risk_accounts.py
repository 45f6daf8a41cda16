"""The daily report for those who look after accounts: which are at risk, why, and what to do first."""

from __future__ import annotations

import pandas as pd

from publishing.reading import OpenRelease
from reporting.contents import Chart, Column, Figure, Report, Section, Table, query

READS = (
    "entity.entity_customers",
    "metrics.churn_risk_report",
    "metrics.next_best_action",
    "metrics.alerts",
    "reference.score_bands",
)
#: A renewal is near in the next so many days.
NEAR_DAYS = 90


def at_risk_accounts(release: OpenRelease) -> Report:
    """Accounts with medium or high churn risk, or critical health, as metrics.churn_risk_report lists them."""
    accounts = query(
        release,
        "select at_risk.*, actions.words as next_action, actions.leaving_probability, "
        "datediff('day', cast(? as date), at_risk.renewal_date) as renewal_in_days "
        "from metrics.churn_risk_report as at_risk left join metrics.next_best_action as actions using (customer_id) order by place",
        [release.as_of],
    )
    accounts["to_do"] = accounts["recommended_action"].where(
        accounts["recommended_action"].notna(), accounts["next_action"]
    )
    customers = query(
        release,
        "select coalesce(customers.health_category, 'Not known') as health, bands.lower_bound, count(*) as accounts, "
        "cast(sum(customers.monthly_recurring_revenue) as double) as mrr from entity.entity_customers as customers "
        "left join reference.score_bands as bands on bands.score = 'health' and bands.band = customers.health_category "
        "where customers.is_active group by all order by lower_bound nulls first",
    )
    mrr = float(accounts["monthly_recurring_revenue"].astype(float).sum())
    total = float(customers["mrr"].sum())
    near = int(accounts["renewal_in_days"].between(0, NEAR_DAYS).sum())
    alerts = query(
        release,
        "select title, severity, count(*) as alerts, count(distinct customer_id) as accounts, min(holds_since) as oldest "
        "from metrics.alerts where holds group by title, severity "
        "order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, alerts desc, title",
    )
    owners = (
        accounts.assign(
            owner=accounts["csm_owner"].fillna("No owner"), mrr=accounts["monthly_recurring_revenue"].astype(float)
        )
        .groupby("owner", as_index=False)
        .agg(mrr=("mrr", "sum"), accounts=("customer_id", "size"))
        .sort_values(["mrr", "owner"], ascending=[False, True])
    )
    return Report(
        "at_risk_accounts",
        "Accounts at risk",
        _summary(int(customers["accounts"].sum()), len(accounts), mrr, total, near),
        release.release_id,
        release.as_of,
        (
            Figure("Accounts at risk", len(accounts), "count", f"of {int(customers['accounts'].sum()):,} customers"),
            Figure("Recurring revenue at risk", mrr, "money", "US dollars a month"),
            Figure("Share of recurring revenue", mrr / total if total else None, "share"),
            Figure(f"Renew within {NEAR_DAYS} days", near, "count", "accounts at risk"),
            Figure("Open alerts", int(alerts["alerts"].sum()), "count", "all customers"),
        ),
        _sections(accounts, customers, owners, alerts),
        (
            (
                "At risk",
                "Churn risk of 40 or more (Medium or High Risk), or health below 40 (Critical); bounds in reference.score_bands.",
            ),
            ("Churn risk", "0 (none) to 100; a sum of signals that can be looked up in gold.fct_score_contributions."),
            ("Why", "The signal that weighs most in the churn risk (gold.fct_score_reasons)."),
            ("To do", "The action for that signal (reference.score_actions); without one, the next best action."),
            ("Recurring revenue", "What the subscriptions in force bring a month, in US dollars."),
        ),
    )


def _summary(customers: int, at_risk: int, mrr: float, total: float, near: int) -> str:
    if not customers:
        return "There are no customers yet, so nobody is at risk."
    if not at_risk:
        return f"None of the {customers:,} customers is at risk today."
    share = f", {mrr / total:.1%} of all" if total else ""
    renewals = f" {near:,} of them renew{'s' if near == 1 else ''} within {NEAR_DAYS} days." if near else ""
    are = "customer is" if at_risk == 1 else "customers are"
    return f"{at_risk:,} {are} at risk, with {mrr:,.0f} US dollars of monthly recurring revenue{share}.{renewals}"


def _sections(
    accounts: pd.DataFrame, customers: pd.DataFrame, owners: pd.DataFrame, alerts: pd.DataFrame
) -> tuple[Section, ...]:
    band = Column("health", "Health")
    charts = [Chart("Customers by health", "bar", customers, band, {"accounts": "customers"})] if len(customers) else []
    if len(owners):
        charts.append(
            Chart(
                "Revenue at risk by owner (US dollars a month)",
                "across",
                owners.head(10),
                Column("owner", "Owner"),
                {"mrr": "at risk"},
                "money",
            )
        )
    table = Table(
        (
            Column("place", "#", "count"),
            Column("customer_name", "Account"),
            Column("customer_id", "Id"),
            Column("customer_tier", "Tier"),
            Column("csm_owner", "Owner"),
            Column("monthly_recurring_revenue", "MRR (USD)", "money"),
            Column("renewal_date", "Renewal", "date"),
            Column("churn_risk_score", "Churn risk", "points"),
            Column("churn_risk_change_30d", "30 days", "change"),
            Column("health_score", "Health", "points"),
            Column("first_reason", "Why"),
            Column("to_do", "To do"),
        ),
        accounts,
        "At risk",
    )
    told = Table(
        (
            Column("title", "Alert"),
            Column("severity", "Severity"),
            Column("alerts", "Open", "count"),
            Column("accounts", "Accounts", "count"),
            Column("oldest", "Oldest since", "date"),
        ),
        alerts,
        "Alerts",
    )
    return (
        Section("Where they stand", ("entity.entity_customers", "metrics.churn_risk_report"), charts=tuple(charts)),
        Section(
            "Who is at risk, why, and what to do",
            ("metrics.churn_risk_report", "metrics.next_best_action"),
            "" if len(accounts) else "Nobody is at risk.",
            table=table if len(accounts) else None,
        ),
        Section(
            "Open alerts",
            ("metrics.alerts",),
            "" if len(alerts) else "No alert is open.",
            table=told if len(alerts) else None,
        ),
    )
