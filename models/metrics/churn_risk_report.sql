-- Grain: one row per account that is a customer with medium or high risk, or critical health: what to do first, and why.
with reasons as (
    select
        reasons.customer_id,
        max(case when reasons.reason_rank = 1 then reasons.sentence end) as first_reason,
        max(case when reasons.reason_rank = 2 then reasons.sentence end) as second_reason,
        max(case when reasons.reason_rank = 3 then reasons.sentence end) as third_reason,
        max(case when reasons.reason_rank = 1 then actions.action end) as recommended_action,
        max(case when reasons.reason_rank = 2 then actions.action end) as second_action
    from {{ ref('fct_score_reasons') }} as reasons
    left join {{ ref('score_actions') }} as actions
        on reasons.signal = actions.signal
    where reasons.score = 'churn_risk' and reasons.reason_rank <= 3
    group by reasons.customer_id
),

past as (
    select
        scores.customer_id,
        max(scores.score_value) as churn_risk_score_30d_ago
    from {{ ref('fct_scores') }} as scores
    cross join {{ ref('silver__as_of') }} as build
    where scores.score = 'churn_risk' and scores.date_day = {{ dbt.dateadd('day', -30, 'cast(build.as_of as date)') }}
    group by scores.customer_id
),

interventions as (
    select
        customer_id,
        max(started_at) as last_intervention_at
    from {{ ref('silver__interventions') }}
    group by customer_id
)

select
    row_number() over (order by customers.churn_risk_score desc nulls last, customers.monthly_recurring_revenue desc, customers.customer_id) as place,
    customers.customer_id,
    customers.customer_name,
    customers.customer_tier,
    customers.csm_owner,
    customers.monthly_recurring_revenue,
    customers.renewal_date,
    customers.churn_risk_score,
    customers.churn_risk_category,
    customers.churn_risk_score - past.churn_risk_score_30d_ago as churn_risk_change_30d,
    customers.churn_risk_coverage_pct,
    customers.health_score,
    customers.health_category,
    reasons.first_reason,
    reasons.second_reason,
    reasons.third_reason,
    reasons.recommended_action,
    reasons.second_action,
    interventions.last_intervention_at
from {{ ref('entity_customers') }} as customers
left join reasons
    on customers.customer_id = reasons.customer_id
left join past
    on customers.customer_id = past.customer_id
left join interventions
    on customers.customer_id = interventions.customer_id
where
    customers.is_active
    and (customers.churn_risk_category in ('High Risk', 'Medium Risk') or customers.health_category = 'Critical')
