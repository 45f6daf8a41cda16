-- Grain: one row per instance of a journey: derived from events, or reported by an outside tool.
with stages as (
    select
        journey_instance_id,
        cast(count(*) as bigint) as stages_entered,
        cast(sum(returns) as bigint) as loops,
        max(case when is_last_stage then stage_number end) as last_stage_number,
        max(case when is_last_stage then stage_name end) as last_stage_name
    from {{ ref('silver__journey_stage_visits') }}
    group by journey_instance_id
),

begun as (
    select distinct
        journey_instance_id,
        journey_id,
        person_key,
        golden_customer_id,
        start_place,
        started_at,
        limit_at,
        end_reason,
        ended_at
    from {{ ref('silver__journey_progress') }}
),

start_events as (
    select distinct
        journey_id,
        person_key,
        event_place,
        visitor_id,
        device_type,
        platform,
        country
    from {{ ref('silver__journey_events') }}
),

derived as (
    select
        begun.journey_instance_id,
        begun.journey_id,
        begun.person_key,
        begun.golden_customer_id,
        begun.started_at,
        begun.ended_at,
        begun.end_reason,
        case
            when begun.end_reason is null then 'open'
            when begun.end_reason = 'completed' then 'completed'
            when begun.end_reason = 'exit_event' then 'exited'
            else 'abandoned'
        end as status,
        case when begun.end_reason is null then begun.limit_at end as open_until,
        start_events.visitor_id,
        start_events.device_type,
        start_events.platform,
        start_events.country,
        cast(null as {{ dbt.type_string() }}) as current_stage,
        'derived' as source
    from begun
    inner join start_events
        on
            begun.journey_id = start_events.journey_id
            and begun.person_key = start_events.person_key
            and begun.start_place = start_events.event_place
),

instances as (
    select * from derived
    union all
    select
        journey_instance_id,
        journey_id,
        person_key,
        golden_customer_id,
        started_at,
        ended_at,
        case when status != 'open' then 'reported' end,
        status,
        cast(null as timestamp),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        current_stage,
        'reported'
    from {{ ref('silver__reported_journeys') }}
)

select
    instances.journey_instance_id,
    instances.journey_id,
    instances.person_key,
    instances.golden_customer_id,
    instances.started_at,
    coalesce(stages.stages_entered, 0) as stages_entered,
    case
        when instances.source = 'reported' and instances.current_stage is not null then definitions.stage_number
        else stages.last_stage_number
    end as last_stage_number,
    coalesce(instances.current_stage, stages.last_stage_name) as last_stage_name,
    case when instances.status = 'completed' then instances.ended_at end as completed_at,
    instances.status = 'completed' as is_completed,
    instances.status = 'abandoned' as is_abandoned,
    instances.status = 'open' as is_open,
    case when instances.status = 'exited' then instances.ended_at end as exited_at,
    instances.ended_at,
    instances.end_reason,
    instances.open_until,
    instances.status,
    coalesce(stages.loops, 0) as loops,
    cast({{ seconds_between('instances.started_at', 'instances.ended_at') }} / 3600 as decimal(18, 6)) as duration_hours,
    instances.visitor_id,
    instances.device_type,
    instances.platform,
    instances.country,
    instances.source
from instances
left join stages
    on instances.journey_instance_id = stages.journey_instance_id
left join {{ ref('silver__journey_definitions') }} as definitions
    on instances.journey_id = definitions.journey_id and instances.current_stage = definitions.stage_name
