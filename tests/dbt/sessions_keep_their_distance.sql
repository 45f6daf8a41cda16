-- Wrong if two sessions of a visitor are closer than the timeout, or one is longer than its events can span without a pause that long.
with followed as (
    select
        session_id,
        visitor_id,
        started_at,
        ended_at,
        events,
        duration_seconds,
        lag(ended_at) over (partition by visitor_id order by started_at) as previous_ended_at
    from {{ ref('silver__sessions') }}
)

select *
from followed
where
    {{ seconds_between('previous_ended_at', 'started_at') }} < {{ var('session_timeout_minutes') }} * 60
    or (events = 1 and duration_seconds != 0)
    or (events > 1 and duration_seconds >= (events - 1) * {{ var('session_timeout_minutes') }} * 60)
    or ended_at < started_at
