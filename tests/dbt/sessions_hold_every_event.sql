-- Wrong if an event of a visitor is in no session or in two: an incremental run forgot a visitor or kept an old version of one.
with in_sessions as (
    select
        visitor_id,
        sum(events) as events,
        min(started_at) as first_at,
        max(ended_at) as last_at
    from {{ ref('silver__sessions') }}
    group by visitor_id
),

in_bronze as (
    select
        coalesce(bronze.visitor_id, bronze.user_id) as visitor_id,
        count(*) as events,
        min(bronze.occurred_at) as first_at,
        max(bronze.occurred_at) as last_at
    from {{ ref('bronze__customer_events') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where
        coalesce(bronze.visitor_id, bronze.user_id) is not null
        and not coalesce(bronze.is_bot, false)
        and bronze.occurred_at <= build.as_of
    group by coalesce(bronze.visitor_id, bronze.user_id)
)

select
    coalesce(in_sessions.visitor_id, in_bronze.visitor_id) as visitor_id,
    in_sessions.events as events_in_sessions,
    in_bronze.events as events_in_bronze
from in_sessions
full outer join in_bronze
    on in_sessions.visitor_id = in_bronze.visitor_id
where
    coalesce(in_sessions.events, 0) != coalesce(in_bronze.events, 0)
    or in_sessions.first_at != in_bronze.first_at
    or in_sessions.last_at != in_bronze.last_at
