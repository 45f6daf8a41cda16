-- Grain: one row per account and stretch of days on which what is followed here stayed the same.
-- Read off the daily history, so it begins where that begins and says of a day what could be known on it.
with followed as (
    select
        daily.customer_id,
        daily.date_day,
        daily.is_customer,
        daily.mrr,
        daily.total_users,
        daily.contract_ends_on,
        health.band as health_category,
        risk.band as churn_risk_category
    from {{ ref('silver__account_daily') }} as daily
    left join {{ ref('fct_scores') }} as health
        on daily.customer_id = health.customer_id and daily.date_day = health.date_day and health.score = 'health'
    left join {{ ref('fct_scores') }} as risk
        on daily.customer_id = risk.customer_id and daily.date_day = risk.date_day and risk.score = 'churn_risk'
),

compared as (
    select
        *,
        case
            when lag(date_day) over days is null then 1
            when lag(is_customer) over days != is_customer then 1
            when lag(mrr) over days != mrr then 1
            when lag(total_users) over days != total_users then 1
            when coalesce(lag(contract_ends_on) over days, date '1900-01-01') != coalesce(contract_ends_on, date '1900-01-01') then 1
            when coalesce(lag(health_category) over days, '') != coalesce(health_category, '') then 1
            when coalesce(lag(churn_risk_category) over days, '') != coalesce(churn_risk_category, '') then 1
            else 0
        end as begins
    from followed
    window days as (partition by customer_id order by date_day)
),

numbered as (
    select
        *,
        sum(begins) over (partition by customer_id order by date_day rows between unbounded preceding and current row) as version
    from compared
),

stretches as (
    select
        customer_id,
        version,
        min(date_day) as valid_from,
        min(is_customer) as is_active,
        min(mrr) as monthly_recurring_revenue,
        min(total_users) as total_users,
        min(contract_ends_on) as renewal_date,
        min(health_category) as health_category,
        min(churn_risk_category) as churn_risk_category
    from numbered
    group by customer_id, version
)

select
    customer_id,
    cast(version as bigint) as version,
    valid_from,
    -- The first day that it no longer holds; empty for what holds at as_of.
    lead(valid_from) over (partition by customer_id order by version nulls last) as valid_to,
    lead(valid_from) over (partition by customer_id order by version nulls last) is null as is_current,
    is_active,
    monthly_recurring_revenue,
    total_users,
    renewal_date,
    health_category,
    churn_risk_category
from stretches
