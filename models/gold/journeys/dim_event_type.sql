-- Grain: one row per event name found.
with found as (
    select
        event_name,
        count(*) as events,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at
    from {{ ref('silver__cleansed_events') }}
    group by event_name
)

select
    found.event_name,
    described.event_name is not null as is_known,
    described.event_group,
    described.description,
    found.events,
    found.first_occurred_at,
    found.last_occurred_at
from found
left join {{ ref('event_types') }} as described
    on found.event_name = described.event_name
