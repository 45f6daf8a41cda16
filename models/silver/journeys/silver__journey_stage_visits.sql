-- Grain: one row per instance of a journey and stage entered.
with instances as (
    select
        journey_instance_id,
        person_key,
        journey_id,
        start_place,
        end_reason,
        end_place,
        ended_at,
        -- One event can enter several stages of a journey of any order; the highest of them stands for the last.
        max(case when next_entered_place is null then stage_number end) as last_stage_number
    from {{ ref('silver__journey_progress') }}
    group by journey_instance_id, person_key, journey_id, start_place, end_reason, end_place, ended_at
),

-- Instances of one person and journey do not overlap: an event is of the one that began last.
placed as (
    select
        events.person_key,
        events.journey_id,
        events.stage_number,
        events.event_place,
        events.occurred_at,
        max(instances.start_place) over (
            partition by events.person_key, events.journey_id
            order by events.event_place
            rows between unbounded preceding and current row
        ) as start_place
    from {{ ref('silver__journey_events') }} as events
    left join instances
        on
            events.person_key = instances.person_key
            and events.journey_id = instances.journey_id
            and events.event_place = instances.start_place
    where events.stage_number > 0
),

entering as (
    select distinct
        journey_instance_id,
        entered_place
    from {{ ref('silver__journey_progress') }}
),

-- Events that fit a stage already entered and enter no other.
repeated as (
    select
        instances.journey_instance_id,
        placed.stage_number,
        placed.event_place
    from placed
    inner join instances
        on
            placed.person_key = instances.person_key
            and placed.journey_id = instances.journey_id
            and placed.start_place = instances.start_place
    left join entering
        on instances.journey_instance_id = entering.journey_instance_id and placed.event_place = entering.entered_place
    where
        entering.entered_place is null
        and (
            instances.end_reason is null
            or (instances.end_reason = 'time_limit' and placed.occurred_at <= instances.ended_at)
            or (instances.end_reason != 'time_limit' and placed.event_place < instances.end_place)
        )
),

seen_again as (
    select
        progress.journey_instance_id,
        progress.stage_number,
        cast(count(*) as bigint) as repeats,
        cast(sum(case when repeated.event_place > progress.next_entered_place then 1 else 0 end) as bigint) as returns
    from {{ ref('silver__journey_progress') }} as progress
    inner join repeated
        on
            progress.journey_instance_id = repeated.journey_instance_id
            and progress.stage_number = repeated.stage_number
            and progress.entered_place < repeated.event_place
    group by progress.journey_instance_id, progress.stage_number
),

derived as (
    select
        progress.journey_instance_id,
        progress.journey_id,
        progress.person_key,
        progress.golden_customer_id,
        progress.started_at,
        progress.stage_number,
        progress.stage_name,
        progress.entered_at,
        case
            when progress.next_entered_at is not null then progress.next_entered_at
            when progress.end_reason in ('exit_event', 'restarted') then progress.ended_at
        end as left_at,
        1 + coalesce(seen_again.repeats, 0) as visits,
        coalesce(seen_again.returns, 0) as returns,
        progress.stage_number = instances.last_stage_number as is_last_stage,
        progress.stage_number = instances.last_stage_number
        and coalesce(progress.end_reason, 'completed') != 'completed' as is_drop_off,
        'derived' as source
    from {{ ref('silver__journey_progress') }} as progress
    inner join instances
        on progress.journey_instance_id = instances.journey_instance_id
    left join seen_again
        on progress.journey_instance_id = seen_again.journey_instance_id and progress.stage_number = seen_again.stage_number
),

reported_stages as (
    select
        instances.journey_instance_id,
        instances.journey_id,
        instances.person_key,
        instances.golden_customer_id,
        instances.started_at,
        instances.status,
        events.stage_name,
        min(events.occurred_at) as entered_at,
        max(case when events.event_type != 'entered' then events.occurred_at end) as left_at,
        cast(greatest(sum(case when events.event_type = 'entered' then 1 else 0 end), 1) as bigint) as visits
    from {{ ref('silver__reported_journeys') }} as instances
    inner join {{ ref('bronze__journey_analytics_events') }} as events
        on instances.source_system = events.source_system and instances.reported_instance_id = events.journey_instance_id
    cross join {{ ref('silver__as_of') }} as build
    where events.occurred_at <= build.as_of
    group by
        instances.journey_instance_id,
        instances.journey_id,
        instances.person_key,
        instances.golden_customer_id,
        instances.started_at,
        instances.status,
        events.stage_name
),

reported as (
    select
        reported_stages.*,
        definitions.stage_number,
        row_number() over (
            partition by reported_stages.journey_instance_id
            order by reported_stages.entered_at desc nulls last, definitions.stage_number desc nulls last, reported_stages.stage_name desc nulls last
        ) as last_rank
    from reported_stages
    left join {{ ref('silver__journey_definitions') }} as definitions
        on reported_stages.journey_id = definitions.journey_id and reported_stages.stage_name = definitions.stage_name
),

visits as (
    select * from derived
    union all
    select
        journey_instance_id,
        journey_id,
        person_key,
        golden_customer_id,
        started_at,
        stage_number,
        stage_name,
        entered_at,
        left_at,
        visits,
        visits - 1,
        last_rank = 1,
        last_rank = 1 and status in ('exited', 'abandoned'),
        'reported'
    from reported
)

select
    journey_instance_id,
    journey_id,
    person_key,
    golden_customer_id,
    started_at,
    stage_number,
    stage_name,
    entered_at,
    left_at,
    cast({{ seconds_between('entered_at', 'left_at') }} / 3600 as decimal(18, 6)) as hours_in_stage,
    visits,
    returns,
    is_last_stage,
    is_drop_off,
    source
from visits
