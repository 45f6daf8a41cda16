-- Wrong if an account lacks a day between its first one and as_of: rolling windows count rows, so a gap would stretch them.
with spans as (
    select
        customer_id,
        min(date) as first_day,
        max(date) as last_day,
        count(*) as days
    from {{ ref('entity_customers_daily') }}
    group by customer_id
)

select
    spans.customer_id,
    spans.first_day,
    spans.last_day,
    spans.days
from spans
cross join {{ ref('silver__as_of') }} as build
where
    spans.last_day != cast(build.as_of as date)
    or spans.days != {{ dbt.datediff('spans.first_day', 'spans.last_day', 'day') }} + 1
    or {{ dbt.datediff('spans.first_day', 'spans.last_day', 'day') }} > {{ var('history_days') }}
