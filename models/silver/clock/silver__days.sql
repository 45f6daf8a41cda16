-- Grain: one row per day from the first thing known to as_of.
with first_days as (
    select min(started_at) as happened_at from {{ ref('bronze__subscriptions') }}
    union all
    select min(created_at) from {{ ref('bronze__accounts') }}
    union all
    select min(occurred_at) from {{ ref('bronze__customer_events') }}
    union all
    select min(used_at) from {{ ref('bronze__feature_usage') }}
    union all
    select min(opened_at) from {{ ref('bronze__support_tickets') }}
    union all
    select min(activity_at) from {{ ref('bronze__customer_activity_log') }}
    union all
    select min(issued_at) from {{ ref('bronze__invoices') }}
),

range_of_days as (
    select
        least(cast(min(first_days.happened_at) as date), cast(max(build.as_of) as date)) as first_day,
        cast(max(build.as_of) as date) as last_day
    from {{ ref('silver__as_of') }} as build
    left join first_days
        on first_days.happened_at is not null
)

select {{ each_day('coalesce(first_day, last_day)', 'last_day') }} as date_day
from range_of_days
