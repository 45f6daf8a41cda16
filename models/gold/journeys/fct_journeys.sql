-- Grain: one row per instance of a journey, with the session in which it began.
with begun_in as (
    select
        journeys.journey_instance_id,
        sessions.session_id,
        channels.channel_group,
        sessions.utm_source,
        sessions.utm_medium,
        -- Where sessions are the tracker's own, two can overlap.
        row_number() over (partition by journeys.journey_instance_id order by sessions.started_at desc, sessions.session_id asc nulls last) as session_rank
    from {{ ref('silver__journeys') }} as journeys
    inner join {{ ref('silver__sessions') }} as sessions
        on
            journeys.visitor_id = sessions.visitor_id
            and journeys.started_at >= sessions.started_at
            and journeys.started_at <= sessions.ended_at
    left join {{ ref('silver__session_channels') }} as channels
        on sessions.session_id = channels.session_id
)

select
    journeys.journey_instance_id,
    journeys.journey_id,
    journeys.person_key,
    journeys.golden_customer_id,
    journeys.started_at,
    journeys.stages_entered,
    journeys.last_stage_number,
    journeys.last_stage_name,
    journeys.completed_at,
    journeys.is_completed,
    journeys.is_abandoned,
    journeys.is_open,
    journeys.exited_at,
    journeys.ended_at,
    journeys.end_reason,
    journeys.open_until,
    journeys.status,
    journeys.loops,
    journeys.duration_hours,
    begun_in.session_id,
    begun_in.channel_group,
    begun_in.utm_source,
    begun_in.utm_medium,
    journeys.device_type,
    journeys.platform,
    journeys.country,
    journeys.source
from {{ ref('silver__journeys') }} as journeys
left join begun_in
    on journeys.journey_instance_id = begun_in.journey_instance_id and begun_in.session_rank = 1
