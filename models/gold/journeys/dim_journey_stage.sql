-- Grain: one row per journey and stage.
with fitting as (
    select
        journey_id,
        stage_number,
        count(*) as events
    from {{ ref('silver__journey_events') }}
    group by journey_id, stage_number
)

select
    definitions.journey_id || '|' || cast(definitions.stage_number as {{ dbt.type_string() }}) as journey_stage_key,
    definitions.journey_id,
    definitions.journey_name,
    definitions.stage_number,
    definitions.stage_name,
    definitions.stage_number = definitions.stages as is_last_stage,
    definitions.event_name,
    definitions.page_url_pattern,
    definitions.property_name,
    definitions.property_value,
    definitions.max_minutes_from_previous,
    cast(coalesce(fitting.events, 0) as bigint) as fitting_events
from {{ ref('silver__journey_definitions') }} as definitions
left join fitting
    on definitions.journey_id = fitting.journey_id and definitions.stage_number = fitting.stage_number
