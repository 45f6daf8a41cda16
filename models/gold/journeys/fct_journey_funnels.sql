-- Grain: one row per journey, month in which the instance began, dimension and its value, and stage; derived instances only.
{% set dimensions = ['channel_group', 'utm_source', 'utm_medium', 'device_type', 'platform', 'country'] %}
with instances as (
    select
        journey_instance_id,
        journey_id,
        cast(date_trunc('month', started_at) as date) as month,
        'all' as dimension_name,
        'all' as dimension_value
    from {{ ref('fct_journeys') }}
    where source = 'derived'
    {% for dimension in dimensions %}
    union all
    select
        journey_instance_id,
        journey_id,
        cast(date_trunc('month', started_at) as date) as month,
        '{{ dimension }}' as dimension_name,
        coalesce({{ dimension }}, '(none)') as dimension_value
    from {{ ref('fct_journeys') }}
    where source = 'derived'
    {% endfor %}
),

begun as (
    select
        journey_id,
        month,
        dimension_name,
        dimension_value,
        count(*) as instances
    from instances
    group by journey_id, month, dimension_name, dimension_value
),

-- A stage is completed when another comes after it, and the last one when the journey is completed.
visits as (
    select
        visits.journey_instance_id,
        visits.stage_number,
        visits.is_drop_off,
        case when not visits.is_last_stage or journeys.is_completed then 1 else 0 end as moved_on,
        case when not visits.is_last_stage then visits.hours_in_stage end as hours_to_next
    from {{ ref('silver__journey_stage_visits') }} as visits
    inner join {{ ref('fct_journeys') }} as journeys
        on visits.journey_instance_id = journeys.journey_instance_id
    where visits.source = 'derived'
),

counted as (
    select
        instances.journey_id,
        instances.month,
        instances.dimension_name,
        instances.dimension_value,
        visits.stage_number,
        count(*) as entered,
        sum(visits.moved_on) as passed,
        sum(case when visits.is_drop_off then 1 else 0 end) as dropped_off,
        percentile_cont(0.5) within group (order by visits.hours_to_next) as median_hours_to_next
    from instances
    inner join visits
        on instances.journey_instance_id = visits.journey_instance_id
    group by instances.journey_id, instances.month, instances.dimension_name, instances.dimension_value, visits.stage_number
),

-- A stage that nobody reached stands in the funnel with 0.
filled as (
    select
        begun.journey_id,
        begun.month,
        begun.dimension_name,
        begun.dimension_value,
        definitions.stage_number,
        definitions.stage_name,
        definitions.is_ordered,
        cast(begun.instances as bigint) as instances,
        cast(coalesce(counted.entered, 0) as bigint) as entered,
        cast(coalesce(counted.passed, 0) as bigint) as completed_stage,
        cast(coalesce(counted.dropped_off, 0) as bigint) as dropped_off,
        counted.median_hours_to_next
    from begun
    inner join {{ ref('silver__journey_definitions') }} as definitions
        on begun.journey_id = definitions.journey_id
    left join counted
        on
            begun.journey_id = counted.journey_id
            and begun.month = counted.month
            and begun.dimension_name = counted.dimension_name
            and begun.dimension_value = counted.dimension_value
            and definitions.stage_number = counted.stage_number
),

preceded as (
    select
        *,
        lag(entered) over (partition by journey_id, month, dimension_name, dimension_value order by stage_number asc nulls last) as entered_before
    from filled
)

select
    journey_id,
    month,
    dimension_name,
    dimension_value,
    stage_number,
    stage_name,
    instances,
    entered,
    completed_stage,
    dropped_off,
    entered - completed_stage - dropped_off as still_in_stage,
    case when is_ordered then cast(entered as double) / nullif(entered_before, 0) end as conversion_rate_from_previous,
    cast(entered as double) / nullif(instances, 0) as conversion_rate_from_start,
    cast(median_hours_to_next as double) as median_hours_to_next
from preceded
