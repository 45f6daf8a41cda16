-- Grain: one row per event_name, property, violation_type, violated_on: how often events of a day broke the tracking plan.
with placed as (
    select
        *,
        cast(occurred_at as date) as violated_on,
        row_number() over (
            partition by event_name, property, violation_type, cast(occurred_at as date)
            order by occurred_at, event_id, source_system
        ) as event_place
    from {{ ref('silver__tracking_plan_violations') }}
)

select
    event_name,
    property,
    violation_type,
    violated_on,
    cast(count(*) as bigint) as events,
    min_by(event_id, event_place) as first_event_id,
    max_by(event_id, event_place) as last_event_id
from placed
group by event_name, property, violation_type, violated_on
