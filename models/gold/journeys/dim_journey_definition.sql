-- Grain: one row per journey.
select
    journey_id,
    journey_name,
    description,
    version,
    defined_by,
    stages,
    is_ordered,
    max_days_overall,
    reentry,
    exit_event_name,
    problem is null as is_followed,
    problem
from {{ ref('silver__journey_definitions') }}
group by
    journey_id,
    journey_name,
    description,
    version,
    defined_by,
    stages,
    is_ordered,
    max_days_overall,
    reentry,
    exit_event_name,
    problem
