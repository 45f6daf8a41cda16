-- Wrong if what an account shows today is not what its history ends with.
with last_days as (
    select daily.*
    from {{ ref('entity_customers_daily') }} as daily
    cross join {{ ref('silver__as_of') }} as build
    where daily.date = cast(build.as_of as date)
)

select
    customers.customer_id,
    customers.customer_health_score,
    last_days.customer_health_score as last_health_score
from {{ ref('entity_customers') }} as customers
left join last_days
    on customers.customer_id = last_days.customer_id
where
    customers.is_active != coalesce(last_days.is_customer, false)
    or customers.monthly_recurring_revenue != coalesce(last_days.total_mrr, 0)
    or customers.total_users != coalesce(last_days.total_users, customers.total_users)
    or coalesce(customers.customer_health_score, -1) != coalesce(last_days.customer_health_score, -1)
    or coalesce(customers.churn_risk_score, -1) != coalesce(last_days.churn_risk_score, -1)
