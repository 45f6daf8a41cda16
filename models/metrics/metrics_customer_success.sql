-- Grain: one row per day of the kept history, over all accounts.
{{ config(schema='public') }}

with daily as (
    select
        daily.date as metric_date,
        count(*) as accounts,
        sum(case when daily.is_customer then 1 else 0 end) as active_customers,
        cast(sum(daily.total_mrr) as decimal(18, 4)) as total_mrr,
        avg(daily.customer_health_score) as avg_health_score,
        avg(daily.churn_risk_score) as avg_churn_risk_score,
        sum(case when daily.customer_health_score < 40 then 1 else 0 end) as critical_customers,
        sum(case when daily.customer_health_score >= 40 and daily.customer_health_score < 60 then 1 else 0 end) as at_risk_customers,
        sum(case when daily.customer_health_score >= 60 and daily.customer_health_score < 80 then 1 else 0 end) as neutral_customers,
        sum(case when daily.customer_health_score >= 80 then 1 else 0 end) as healthy_customers,
        sum(case when daily.churn_risk_score >= 70 then 1 else 0 end) as high_risk_customers,
        sum(daily.daily_active_users) as daily_active_users,
        sum(daily.active_users) as active_users_30d,
        sum(daily.support_tickets_30d) as support_tickets_30d,
        -- Of those who were customers 30 days before, how many were no more.
        sum(case when daily.retention_rate is not null then 1 else 0 end) as customers_30d_ago,
        sum(case when daily.retention_rate = 0 then 1 else 0 end) as customers_lost_30d
    from {{ ref('entity_customers_daily') }} as daily
    group by daily.date
),

answers as (
    select
        days.metric_date,
        count(case when responses.survey_type = 'nps' then 1 end) as nps_answers_90d,
        {{ nps('responses') }} as nps_score,
        cast(avg(case when responses.survey_type = 'csat' then responses.score_ratio end) as double) as csat_ratio
    from daily as days
    inner join {{ ref('silver__survey_responses') }} as responses
        on
            cast(responses.responded_at as date) <= days.metric_date
            and cast(responses.responded_at as date) > {{ dbt.dateadd('day', -90, 'days.metric_date') }}
    group by days.metric_date
)

select
    daily.metric_date,
    cast(daily.accounts as bigint) as total_customers,
    cast(daily.active_customers as bigint) as active_customers,
    daily.total_mrr,
    daily.total_mrr * 12 as total_arr,
    daily.avg_health_score,
    daily.avg_churn_risk_score,
    cast(daily.healthy_customers as bigint) as healthy_customers,
    cast(daily.neutral_customers as bigint) as neutral_customers,
    cast(daily.at_risk_customers as bigint) as at_risk_customers,
    cast(daily.critical_customers as bigint) as critical_customers,
    cast(daily.high_risk_customers as bigint) as high_risk_customers,
    cast(daily.customers_lost_30d as double) / nullif(daily.customers_30d_ago, 0) as monthly_churn_rate,
    cast(daily.customers_lost_30d as bigint) as customers_lost_30d,
    answers.nps_score,
    coalesce(answers.nps_answers_90d, 0) as nps_answers_90d,
    answers.csat_ratio,
    cast(daily.daily_active_users as bigint) as daily_active_users,
    cast(daily.active_users_30d as bigint) as active_users_30d,
    cast(daily.support_tickets_30d as bigint) as support_tickets_30d
from daily
left join answers
    on daily.metric_date = answers.metric_date
