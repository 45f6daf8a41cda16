-- Wrong if a built-in journey cannot be followed, or any has more stages than journey_max_stages: then the variable is to be raised. What is
-- wrong with a landed definition otherwise stands in gold.dim_journey_definition, and its journey is left out.
select distinct
    journey_id,
    problem
from {{ ref('silver__journey_definitions') }}
where
    problem is not null
    and (defined_by = 'seed' or stage_number > {{ var('journey_max_stages') }})
