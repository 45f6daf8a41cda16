-- Grain: one row per touchpoint type that came in up to as_of.
select
    lower(touchpoints.touchpoint_type) as touchpoint_type,
    count(*) as touchpoints,
    min(touchpoints.occurred_at) as first_occurred_at,
    max(touchpoints.occurred_at) as last_occurred_at
from {{ ref('bronze__touchpoints') }} as touchpoints
cross join {{ ref('silver__as_of') }} as build
where touchpoints.occurred_at <= build.as_of
group by lower(touchpoints.touchpoint_type)
