-- Wrong if two sessions of a visitor are closer than the timeout, or one is longer than its events can span without a pause that long.
-- Sessions of a tracker may lie close, overlap and pause as long as they like; two with one id are wrong.
with followed as (
    select
        session_id,
        visitor_id,
        tracker_session_id,
        started_at,
        ended_at,
        events,
        duration_seconds,
        lag(ended_at) over (partition by visitor_id, tracker_session_id order by started_at) as previous_ended_at
    from {{ ref('silver__sessions') }}
)

select *
from followed
where
    (tracker_session_id is not null and previous_ended_at is not null)
    or {{ seconds_between('previous_ended_at', 'started_at') }} < {{ var('session_timeout_minutes') }} * 60
    or (events = 1 and duration_seconds != 0)
    or (events > 1 and tracker_session_id is null and duration_seconds >= (events - 1) * {{ var('session_timeout_minutes') }} * 60)
    or ended_at < started_at
