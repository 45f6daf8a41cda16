-- Lists the landed journeys that nobody is on, because their definition cannot be followed; gold.dim_journey_definition says why.
{{ config(severity='warn') }}
select distinct
    journey_id,
    problem
from {{ ref('silver__journey_definitions') }}
where problem is not null and defined_by != 'seed'
