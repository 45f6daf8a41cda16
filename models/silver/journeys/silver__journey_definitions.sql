-- Grain: one row per journey and stage. Of a journey that was landed the highest version counts, and it takes the place of a built-in one.
-- A definition that cannot be followed stays in with its `problem`, and nobody is on that journey.
with landed_versions as (
    select
        source_system,
        journey_id,
        version,
        row_number() over (
            partition by journey_id
            order by version desc nulls last, max(updated_at) desc nulls last, source_system
        ) as version_rank
    from {{ ref('bronze__journey_definitions') }}
    group by source_system, journey_id, version
),

chosen as (
    select stages.*
    from {{ ref('bronze__journey_definitions') }} as stages
    inner join landed_versions
        on
            stages.source_system = landed_versions.source_system
            and stages.journey_id = landed_versions.journey_id
            and stages.version = landed_versions.version
    where landed_versions.version_rank = 1
),

-- What concerns the whole journey is said by the row of its lowest stage.
lowest as (
    select
        *,
        row_number() over (partition by journey_id order by stage_number asc nulls last) as stage_rank
    from chosen
),

stated as (
    select
        chosen.journey_id,
        coalesce(lowest.journey_name, chosen.journey_id) as journey_name,
        chosen.version,
        chosen.source_system as defined_by,
        chosen.stage_number,
        chosen.stage_name,
        chosen.event_name,
        chosen.page_url_pattern,
        chosen.property_name,
        chosen.property_value,
        chosen.max_minutes_from_previous,
        lowest.is_ordered,
        lowest.max_days_overall,
        lowest.reentry,
        lowest.exit_event_name,
        cast(null as {{ dbt.type_string() }}) as description,
        chosen.updated_at
    from chosen
    inner join lowest
        on chosen.journey_id = lowest.journey_id and lowest.stage_rank = 1
    union all
    select
        journeys.journey_id,
        journeys.journey_name,
        cast(1 as bigint),
        'seed',
        cast(stages.stage_number as bigint),
        stages.stage_name,
        stages.event_name,
        stages.page_url_pattern,
        stages.property_name,
        stages.property_value,
        stages.max_minutes_from_previous,
        journeys.is_ordered,
        journeys.max_days_overall,
        journeys.reentry,
        journeys.exit_event_name,
        journeys.description,
        cast(null as timestamp)
    from {{ ref('journeys') }} as journeys
    inner join {{ ref('journey_stages') }} as stages
        on journeys.journey_id = stages.journey_id
    where journeys.journey_id not in (select landed_versions.journey_id from landed_versions)
),

keyed as (
    select
        *,
        event_name || '|' || coalesce(page_url_pattern, '') || '|' || coalesce(property_name, '') || '|' || coalesce(property_value, '') as condition
    from stated
),

counted as (
    select
        journey_id,
        cast(count(*) as bigint) as stages,
        max(stage_number) as highest_stage,
        count(distinct stage_name) as stage_names,
        sum(case when (property_name is null) != (property_value is null) then 1 else 0 end) as halves_of_a_property,
        max(case when stage_number = 1 then condition end) as first_condition
    from keyed
    group by journey_id
),

repeated as (
    select keyed.journey_id
    from keyed
    inner join counted
        on keyed.journey_id = counted.journey_id and keyed.condition = counted.first_condition
    where keyed.stage_number > 1 and keyed.is_ordered and keyed.reentry = 'always'
    group by keyed.journey_id
)

select
    keyed.journey_id,
    keyed.journey_name,
    keyed.version,
    keyed.defined_by,
    keyed.stage_number,
    keyed.stage_name,
    keyed.event_name,
    keyed.page_url_pattern,
    -- The pattern as `like ... escape '!'` reads it.
    replace(replace(replace(replace(keyed.page_url_pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%') as page_url_like,
    keyed.property_name,
    keyed.property_value,
    case when keyed.is_ordered and keyed.stage_number > 1 then keyed.max_minutes_from_previous end as max_minutes_from_previous,
    counted.stages,
    keyed.is_ordered,
    keyed.max_days_overall,
    keyed.reentry,
    keyed.exit_event_name,
    keyed.description,
    keyed.updated_at,
    case
        when counted.highest_stage > {{ var('journey_max_stages') }}
            then 'has a stage ' || cast(counted.highest_stage as {{ dbt.type_string() }}) || '; journey_max_stages is {{ var("journey_max_stages") }}'
        when counted.highest_stage != counted.stages then 'its stages are not numbered 1, 2, 3 without a gap'
        when counted.stage_names != counted.stages then 'two of its stages have one name'
        when counted.halves_of_a_property > 0 then 'a stage has a property without its value, or a value without its property'
        when repeated.journey_id is not null then 'begins anew at each event of its first stage, so a later stage with the same event is never reached'
    end as problem
from keyed
inner join counted
    on keyed.journey_id = counted.journey_id
left join repeated
    on keyed.journey_id = repeated.journey_id
