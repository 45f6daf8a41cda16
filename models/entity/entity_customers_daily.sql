-- Grain: one row per account and day of the kept history.
with scores as (
    select
        customer_id,
        date_day,
        max(score_value) filter (where score = 'health') as health_score,
        max(coverage_pct) filter (where score = 'health') as health_coverage_pct,
        max(score_value) filter (where score = 'churn_risk') as churn_risk_score,
        max(coverage_pct) filter (where score = 'churn_risk') as churn_risk_coverage_pct
    from {{ ref('fct_scores') }}
    group by customer_id, date_day
)

select
    daily.customer_id,
    daily.date_day as date,
    daily.is_customer,
    scores.health_score as customer_health_score,
    scores.health_coverage_pct,
    scores.churn_risk_score,
    scores.churn_risk_coverage_pct,
    daily.daily_active_users,
    daily.active_users_30d as active_users,
    daily.total_users,
    daily.mrr as total_mrr,
    cast(
        case when daily.subscriptions_30d_ago > 0 then case when daily.subscriptions > 0 then 1 else 0 end end as double
    ) as retention_rate,
    daily.sessions_30d,
    daily.features_used_30d,
    daily.tickets_30d as support_tickets_30d
from {{ ref('silver__account_daily') }} as daily
left join scores
    on daily.customer_id = scores.customer_id and daily.date_day = scores.date_day
