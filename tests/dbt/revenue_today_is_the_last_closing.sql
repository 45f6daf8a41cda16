-- Wrong if the revenue shown for an account today differs from what its movements end with: two reports would show two totals.
-- With mrr_anchor at month_start the two are meant to differ.
{{ config(enabled=(var('mrr_anchor') == 'month_end')) }}

with closings as (
    select
        movements.customer_id,
        movements.closing_mrr
    from {{ ref('silver__mrr_movements') }} as movements
    cross join {{ ref('silver__as_of') }} as build
    where movements.month = cast(date_trunc('month', build.as_of) as date)
)

select
    coalesce(customers.customer_id, closings.customer_id) as customer_id,
    customers.monthly_recurring_revenue,
    closings.closing_mrr
from {{ ref('entity_customers') }} as customers
full outer join closings
    on customers.customer_id = closings.customer_id
where coalesce(customers.monthly_recurring_revenue, 0) != coalesce(closings.closing_mrr, 0)
