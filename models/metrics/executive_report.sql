-- Grain: one row per month of the kept history: the figures a board asks for, each read off its own mart.
with month_ends as (
    select
        cast(date_trunc('month', metric_date) as date) as month,
        max(metric_date) as metric_date
    from {{ ref('metrics_customer_success') }}
    group by cast(date_trunc('month', metric_date) as date)
),

tickets as (
    select
        month,
        sum(tickets_opened) as tickets_opened,
        cast(sum(first_responses_in_time) as double) / nullif(sum(first_responses_judged), 0) as first_response_in_time_rate
    from {{ ref('support') }}
    group by month
)

select
    month_ends.month,
    success.metric_date as measured_on,
    coalesce(revenue.arr, 0) as arr,
    revenue.mrr_growth_rate,
    coalesce(revenue.new_mrr, 0) as new_mrr,
    coalesce(revenue.expansion_mrr, 0) as expansion_mrr,
    coalesce(revenue.contraction_mrr, 0) as contraction_mrr,
    coalesce(revenue.churned_mrr, 0) as churned_mrr,
    revenue.net_revenue_retention_12m,
    revenue.gross_revenue_retention_12m,
    revenue.quick_ratio,
    revenue.logo_churn_rate,
    coalesce(revenue.closing_customers, 0) as paying_customers,
    revenue.revenue_per_customer,
    success.avg_health_score,
    success.avg_churn_risk_score,
    success.critical_customers + success.at_risk_customers as customers_below_60,
    success.high_risk_customers,
    success.nps_score,
    success.csat_ratio,
    cast(coalesce(tickets.tickets_opened, 0) as bigint) as tickets_opened,
    tickets.first_response_in_time_rate
from month_ends
inner join {{ ref('metrics_customer_success') }} as success
    on month_ends.metric_date = success.metric_date
left join {{ ref('revenue') }} as revenue
    on month_ends.month = revenue.month
left join tickets
    on month_ends.month = tickets.month
