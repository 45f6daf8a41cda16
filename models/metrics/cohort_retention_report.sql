-- Grain: one row per month of first revenue and months since.
select
    cohort_month,
    months_since,
    month,
    min(is_complete) as is_complete,
    cast(sum(accounts) as bigint) as accounts,
    cast(sum(accounts_with_revenue) as bigint) as accounts_with_revenue,
    cast(sum(first_mrr) as decimal(28, 4)) as first_mrr,
    cast(sum(closing_mrr) as decimal(28, 4)) as closing_mrr,
    cast(sum(accounts_with_revenue) as double) / nullif(sum(accounts), 0) as customer_retention,
    cast(sum(closing_mrr) as double) / nullif(cast(sum(first_mrr) as double), 0) as net_revenue_retention,
    cast(sum(kept_mrr) as double) / nullif(cast(sum(first_mrr) as double), 0) as gross_revenue_retention,
    cast(sum(revenue_to_date) as double) / nullif(sum(accounts), 0) as revenue_per_account_to_date
from {{ ref('fct_revenue_cohorts') }}
group by cohort_month, months_since, month
