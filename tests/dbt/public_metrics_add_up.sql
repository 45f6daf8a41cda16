-- Wrong if a day of public.metrics_customer_success is not what its accounts add up to, or its bands are not all accounts with a health score.
with accounts as (
    select
        date as metric_date,
        count(*) as accounts,
        sum(case when is_customer then 1 else 0 end) as customers,
        sum(case when customer_health_score is not null then 1 else 0 end) as scored,
        sum(total_mrr) as total_mrr
    from {{ ref('entity_customers_daily') }}
    group by date
)

select
    coalesce(metrics.metric_date, accounts.metric_date) as metric_date,
    metrics.total_mrr,
    accounts.total_mrr as mrr_of_accounts
from {{ ref('metrics_customer_success') }} as metrics
full outer join accounts
    on metrics.metric_date = accounts.metric_date
where
    coalesce(metrics.total_customers != accounts.accounts, true)
    or metrics.active_customers != accounts.customers
    or metrics.total_mrr != accounts.total_mrr
    or metrics.healthy_customers + metrics.neutral_customers + metrics.at_risk_customers + metrics.critical_customers != accounts.scored
