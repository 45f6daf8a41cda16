-- Grain: one row per journey and stage.
select
    journey_id || '|' || cast(stage_number as {{ dbt.type_string() }}) as journey_stage_key,
    journey_id,
    journey_name,
    stage_number,
    stage_name,
    stage_number = stages as is_last_stage,
    event_name,
    page_url_pattern,
    property_name,
    property_value,
    max_minutes_from_previous
from {{ ref('silver__journey_definitions') }}
