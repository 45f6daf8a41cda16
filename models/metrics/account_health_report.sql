-- Grain: one row per account that is a customer: the page of its review.
with events as (
    select
        customer_id,
        max(case when status = 'held' then occurred_at end) as last_engagement_at,
        min(case when status = 'planned' then occurred_at end) as next_engagement_at
    from {{ ref('silver__engagements') }}
    group by customer_id
),

goals as (
    select
        customer_id,
        cast(sum(case when status = 'open' then 1 else 0 end) as bigint) as open_goals,
        cast(sum(case when status = 'overdue' then 1 else 0 end) as bigint) as overdue_goals,
        cast(sum(case when status = 'achieved' then 1 else 0 end) as bigint) as achieved_goals
    from {{ ref('silver__goals') }}
    group by customer_id
)

select
    customers.customer_id,
    customers.customer_name,
    customers.customer_tier,
    customers.industry,
    customers.csm_owner,
    customers.monthly_recurring_revenue,
    customers.renewal_date,
    customers.health_score,
    customers.health_category,
    customers.health_coverage_pct,
    success.health_trend_30d,
    success.health_trend_90d,
    customers.health_reasons,
    customers.churn_risk_score,
    customers.churn_risk_category,
    customers.churn_risk_reasons,
    customers.composite_success_score,
    success.open_urgent_tickets,
    customers.nps_score,
    events.last_engagement_at,
    events.next_engagement_at,
    success.meetings_held_90d,
    coalesce(goals.open_goals, 0) as open_goals,
    coalesce(goals.overdue_goals, 0) as overdue_goals,
    coalesce(goals.achieved_goals, 0) as achieved_goals
from {{ ref('entity_customers') }} as customers
inner join {{ ref('customer_success') }} as success
    on customers.customer_id = success.customer_id
left join events
    on customers.customer_id = events.customer_id
left join goals
    on customers.customer_id = goals.customer_id
where customers.is_active
