-- Wrong if a built-in journey cannot be followed: the line of the seed is to be mended, or journey_max_stages to be raised.
select distinct
    journey_id,
    problem
from {{ ref('silver__journey_definitions') }}
where problem is not null and defined_by = 'seed'
