"""The monthly report for executives: what of the recurring revenue stays, how it moved, how cohorts hold, and what may be lost next."""

from __future__ import annotations

import pandas as pd

from publishing.reading import OpenRelease
from reporting.contents import Chart, Column, Figure, Report, Section, Table, query

READS = (
    "entity.entity_customers",
    "metrics.revenue",
    "metrics.executive_report",
    "metrics.cohort_retention_report",
    "metrics.next_best_action",
)
#: Months in the charts and tables.
MONTHS = 13
#: Months that a cohort is followed in the table.
COHORT_MONTHS = 12
#: Days ahead for which the probabilities of leaving hold.
AHEAD_DAYS = 90


def retention(release: OpenRelease) -> Report:
    """Net and gross retention, logo churn, movements, cohorts, and the revenue that is expected to be lost."""
    months = query(
        release,
        "select revenue.* replace (cast(month as date) as month), executive.avg_health_score, executive.nps_score from metrics.revenue "
        "left join metrics.executive_report as executive using (month) order by month",
    ).tail(MONTHS)
    numbers = [column for column in months.columns if column not in ("month", "is_complete")]
    months[numbers] = months[numbers].astype(float)
    months["state"] = months["is_complete"].map({True: "", False: "to date"})
    cohorts, cohort_columns = _cohorts(release)
    ahead = query(
        release,
        "select coalesce(customers.customer_tier, 'Not known') as tier, count(*) as accounts, "
        "cast(sum(customers.monthly_recurring_revenue) as double) as mrr, "
        "sum(actions.leaving_probability) as leaving, sum(actions.leaving_probability * customers.monthly_recurring_revenue) as lost, "
        "string_agg(distinct actions.probability_from, ', ' order by actions.probability_from) as known_from "
        "from metrics.next_best_action as actions inner join entity.entity_customers as customers using (customer_id) "
        "where customers.is_active group by tier order by lost desc, tier",
    )
    renewing = query(
        release,
        "select customers.customer_name, customers.customer_id, customers.csm_owner, customers.renewal_date, "
        "cast(customers.monthly_recurring_revenue * 12 as double) as arr, customers.health_category, actions.leaving_probability, "
        "actions.leaving_probability * customers.monthly_recurring_revenue * 12 as expected_loss "
        "from entity.entity_customers as customers inner join metrics.next_best_action as actions using (customer_id) "
        "where customers.is_active and customers.renewal_date <= cast(? as date) + to_days(cast(? as integer)) "
        "and actions.leaving_probability > 0 order by expected_loss desc, customer_id limit 20",
        [release.as_of, AHEAD_DAYS],
    )
    last = months.iloc[-1] if len(months) else None
    lost = float(ahead["lost"].sum())
    return Report(
        "retention",
        "Retention",
        _summary(last, lost, ahead),
        release.release_id,
        release.as_of,
        _figures(months, last, lost),
        _sections(months, cohorts, cohort_columns, ahead, renewing),
        (
            (
                "Net revenue retention",
                "Of the recurring revenue of twelve months ago, what the same accounts pay now, with expansion (1 = all of it).",
            ),
            ("Gross revenue retention", "The same without expansion: no account counts for more than it paid then."),
            ("Logo churn", "Accounts that stopped paying in the month, of those that paid at its beginning."),
            (
                "Cohort",
                "Accounts by the month in which they first paid; the share of their first recurring revenue that is still paid (net).",
            ),
            (
                "Expected to be lost",
                f"Probability of leaving within {AHEAD_DAYS} days times recurring revenue, added up (metrics.next_best_action); "
                "'churn risk by rule' means that no trained model is in use and the probability is that of accounts with such a score.",
            ),
            ("To date", "A month that is not over."),
        ),
    )


def _known(row: pd.Series | None, column: str) -> float | None:
    return None if row is None or pd.isna(row[column]) else float(row[column])


def _figures(months: pd.DataFrame, last: pd.Series | None, lost: float) -> tuple[Figure, ...]:
    whole = months[months["is_complete"].astype(bool)]
    month = whole.iloc[-1] if len(whole) else last
    of_month = f"in {month['month']:%B %Y}" if month is not None else ""
    before = months.iloc[-13] if len(months) > 12 else None
    then = _known(before, "arr")
    arr = _known(last, "arr")
    grown = f"{arr / then - 1:+.1%} in 12 months" if arr is not None and then else ""
    return (
        Figure("Net revenue retention", _known(last, "net_revenue_retention_12m"), "share", "over 12 months"),
        Figure("Gross revenue retention", _known(last, "gross_revenue_retention_12m"), "share", "over 12 months"),
        Figure("Logo churn", _known(month, "logo_churn_rate"), "share", of_month),
        Figure("Annual recurring revenue", arr, "money", f"US dollars; {grown}" if grown else "US dollars"),
        Figure("Expected to be lost", lost, "money", f"US dollars a month, in {AHEAD_DAYS} days"),
    )


def _summary(last: pd.Series | None, lost: float, ahead: pd.DataFrame) -> str:
    if last is None or (not last["closing_mrr"] and not last["opening_mrr"]):
        return "Nobody has paid yet, so there is no revenue to retain."
    net, gross = _known(last, "net_revenue_retention_12m"), _known(last, "gross_revenue_retention_12m")
    words = f"{last['closing_customers']:,.0f} accounts pay {last['closing_mrr']:,.0f} US dollars a month."
    if net is not None and gross is not None:
        words += f" Of the revenue of twelve months ago {gross:.1%} is still there, with expansion {net:.1%}."
    total = float(last["closing_mrr"])
    if total and len(ahead):
        words += f" Some {lost:,.0f} US dollars a month ({lost / total:.1%}) are expected to be lost within {AHEAD_DAYS} days."
    return words


def _cohorts(release: OpenRelease) -> tuple[pd.DataFrame, list[int]]:
    """Cohorts as rows, months since as columns m0, m1, …"""
    rows = query(
        release,
        "select cast(cohort_month as date) as cohort, months_since, accounts, net_revenue_retention from metrics.cohort_retention_report "
        "where months_since <= ? and first_mrr > 0 order by cohort, months_since",
        [COHORT_MONTHS],
    )
    if rows.empty:
        return pd.DataFrame(), []
    wide = (
        rows.pivot(index="cohort", columns="months_since", values="net_revenue_retention")
        .astype(float)
        .tail(MONTHS + 5)
    )
    since = [int(month) for month in wide.columns]
    wide.columns = pd.Index([f"m{month}" for month in since])
    accounts = rows.groupby("cohort")["accounts"].max()
    return wide.reset_index().assign(accounts=lambda frame: frame["cohort"].map(accounts)), since


def _sections(
    months: pd.DataFrame, cohorts: pd.DataFrame, since: list[int], ahead: pd.DataFrame, renewing: pd.DataFrame
) -> tuple[Section, ...]:
    month = Column("month", "Month", "month")
    kept = Chart(
        "Retention over 12 months",
        "line",
        months,
        month,
        {"net_revenue_retention_12m": "net", "gross_revenue_retention_12m": "gross"},
        "share",
    )
    moved = Chart(
        "Movements of recurring revenue (US dollars a month)",
        "stacked",
        months,
        month,
        {
            "new_mrr": "new",
            "expansion_mrr": "expansion",
            "reactivation_mrr": "won back",
            "contraction_mrr": "contraction",
            "churned_mrr": "churned",
        },
        "money",
    )
    by_month = Table(
        (
            month,
            Column("state", ""),
            Column("opening_mrr", "Opening MRR", "money"),
            Column("new_mrr", "New", "money"),
            Column("expansion_mrr", "Expansion", "money"),
            Column("reactivation_mrr", "Won back", "money"),
            Column("contraction_mrr", "Contraction", "money"),
            Column("churned_mrr", "Churned", "money"),
            Column("closing_mrr", "Closing MRR", "money"),
            Column("net_revenue_retention_12m", "NRR 12m", "share"),
            Column("gross_revenue_retention_12m", "GRR 12m", "share"),
            Column("logo_churn_rate", "Logo churn", "share"),
            Column("closing_customers", "Customers", "count"),
            Column("avg_health_score", "Mean health", "points"),
            Column("nps_score", "NPS", "change"),
        ),
        months.iloc[::-1],
        "Months",
    )
    cohort_table = Table(
        (
            Column("cohort", "Cohort", "month"),
            Column("accounts", "Accounts", "count"),
            *(Column(f"m{month}", f"{month}", "share") for month in since),
        ),
        cohorts,
        "Cohorts",
        heat=True,
    )
    risk = Table(
        (
            Column("tier", "Tier"),
            Column("accounts", "Accounts", "count"),
            Column("mrr", "MRR (USD)", "money"),
            Column("leaving", "Expected to leave", "points"),
            Column("lost", "Expected loss (USD a month)", "money"),
            Column("known_from", "Probability from"),
        ),
        ahead,
        "Forecast",
    )
    renewals = Table(
        (
            Column("customer_name", "Account"),
            Column("customer_id", "Id"),
            Column("csm_owner", "Owner"),
            Column("renewal_date", "Renewal", "date"),
            Column("arr", "ARR (USD)", "money"),
            Column("health_category", "Health"),
            Column("leaving_probability", "Leaves", "share"),
            Column("expected_loss", "Expected loss (USD a year)", "money"),
        ),
        renewing,
        "Renewals",
    )
    nothing = "There is no month with revenue yet."
    return (
        Section(
            "What stays", ("metrics.revenue",), "" if len(months) else nothing, (kept, moved) if len(months) else ()
        ),
        Section(
            "Month by month (US dollars)",
            ("metrics.revenue", "metrics.executive_report"),
            "" if len(months) else nothing,
            table=by_month if len(months) else None,
        ),
        Section(
            "Cohorts: net revenue retention by months since the first payment",
            ("metrics.cohort_retention_report",),
            "" if len(cohorts) else "There is no cohort yet.",
            table=cohort_table if len(cohorts) else None,
        ),
        Section(
            f"What may be lost in the next {AHEAD_DAYS} days",
            ("metrics.next_best_action", "entity.entity_customers"),
            "" if len(ahead) else "No paying account is left to look at.",
            table=risk if len(ahead) else None,
        ),
        Section(
            f"Renewals within {AHEAD_DAYS} days with the greatest expected loss",
            ("metrics.next_best_action", "entity.entity_customers"),
            "" if len(renewing) else "None is in danger.",
            table=renewals if len(renewing) else None,
        ),
    )
