-- Grain: one row per instance of a journey and stage entered. The rules stand in the YAML beside this file.
-- For every event that could begin an instance, what would become of it; then those are kept that begin when none is under way.
{#- Looked at only after the variables are checked: before, it may be anything. #}
{% set highest = var('journey_max_stages') if execute else 2 %}
{% set numbers = range(1, highest + 1) %}
{% set never = '9223372036854775807' %}
with rules as (
    select
        journey_id,
        stages,
        is_ordered,
        reentry,
        cast(round(max(max_days_overall) * 86400) as bigint) as limit_seconds{% for k in numbers %},
        cast(round(max(case when stage_number = {{ k }} then max_minutes_from_previous end) * 60) as bigint) as limit_{{ k }}_seconds
        {%- endfor %}
    from {{ ref('silver__journey_definitions') }}
    where problem is null
    group by journey_id, stages, is_ordered, reentry
),

places as (
    select
        events.person_key,
        events.journey_id,
        events.event_place,
        max(events.golden_customer_id) as golden_customer_id,
        min(events.occurred_at) as occurred_at,
        max(case when events.stage_number = 0 then 1 else 0 end) as fits_exit,
        max(case when events.stage_number = 1 or (events.stage_number > 1 and not rules.is_ordered) then 1 else 0 end) as may_start{% for k in numbers %},
        max(case when events.stage_number = {{ k }} then 1 else 0 end) as fits_{{ k }}
        {%- endfor %}
    from {{ ref('silver__journey_events') }} as events
    inner join rules
        on events.journey_id = rules.journey_id
    group by events.person_key, events.journey_id, events.event_place
),

-- Of several events of one moment only the first can begin an instance: the id of an instance is made of that moment.
startable as (
    select
        *,
        case
            when
                may_start = 1
                and sum(may_start) over (
                    partition by person_key, journey_id, occurred_at
                    order by event_place
                    rows between unbounded preceding and current row
                ) = 1
                then 1
            else 0
        end as starts
    from places
),

-- For each event, where the next one of each kind stands.
ahead as (
    select
        *,
        min(case when starts = 1 then event_place end) over following as next_start_place,
        min(case when starts = 1 then occurred_at end) over following as next_start_at,
        min(case when fits_exit = 1 then event_place end) over following as exit_place,
        min(case when fits_exit = 1 then occurred_at end) over following as exit_at,
        sum(starts) over earlier as starts_so_far{% for k in numbers %},
        min(case when fits_{{ k }} = 1 then event_place end) over following as next_{{ k }}_place,
        min(case when fits_{{ k }} = 1 then occurred_at end) over following as next_{{ k }}_at
        {%- endfor %}
    from startable
    window
        following as (partition by person_key, journey_id order by event_place rows between 1 following and unbounded following),
        earlier as (partition by person_key, journey_id order by event_place rows between unbounded preceding and current row)
),

step_0 as (
    select
        ahead.*,
        rules.stages,
        rules.is_ordered,
        rules.reentry{% for k in numbers %},
        rules.limit_{{ k }}_seconds
        {%- endfor %},
        {{ dbt.dateadd('second', 'rules.limit_seconds', 'ahead.occurred_at') }} as overall_limit_at,
        case when rules.is_ordered and rules.reentry = 'always' then ahead.next_start_place end as cut_place,
        case when rules.is_ordered and rules.reentry = 'always' then ahead.next_start_at end as cut_at
    from ahead
    inner join rules
        on ahead.journey_id = rules.journey_id
    where ahead.starts = 1 and (rules.reentry != 'once' or ahead.starts_so_far = 1)
),
{% for k in numbers %}
{%- set previous = k - 1 %}
reach_{{ k }} as (
    select
        step_{{ previous }}.*,
        case
            {%- if k > 1 %}
            when step_{{ previous }}.is_ordered then at_previous.next_{{ k }}_place
            {%- endif %}
            when step_{{ previous }}.fits_{{ k }} = 1 then step_{{ previous }}.event_place
            else step_{{ previous }}.next_{{ k }}_place
        end as reached_place,
        case
            {%- if k > 1 %}
            when step_{{ previous }}.is_ordered then at_previous.next_{{ k }}_at
            {%- endif %}
            when step_{{ previous }}.fits_{{ k }} = 1 then step_{{ previous }}.occurred_at
            else step_{{ previous }}.next_{{ k }}_at
        end as reached_at
    from step_{{ previous }}
    {%- if k > 1 %}
    left join ahead as at_previous
        on
            step_{{ previous }}.is_ordered
            and step_{{ previous }}.stages >= {{ k }}
            and step_{{ previous }}.person_key = at_previous.person_key
            and step_{{ previous }}.journey_id = at_previous.journey_id
            and step_{{ previous }}.entered_{{ previous }}_place = at_previous.event_place
    {%- endif %}
),

judged_{{ k }} as (
    select
        *,
        reached_place < coalesce(exit_place, {{ never }})
        and reached_place < coalesce(cut_place, {{ never }})
        and (overall_limit_at is null or reached_at <= overall_limit_at)
        {%- if k > 1 %}
        and (
            not is_ordered or limit_{{ k }}_seconds is null
            or reached_at <= {{ dbt.dateadd('second', 'limit_' ~ k ~ '_seconds', 'entered_' ~ previous ~ '_at') }}
        )
        {%- endif %} as is_in_time
    from reach_{{ k }}
),

step_{{ k }} as (
    select
        person_key,
        journey_id,
        golden_customer_id,
        event_place,
        occurred_at,
        exit_place,
        exit_at,
        stages,
        is_ordered,
        reentry,
        overall_limit_at,
        cut_place,
        cut_at,
        {%- for later in numbers if later > k %}
        fits_{{ later }},
        next_{{ later }}_place,
        next_{{ later }}_at,
        {%- endfor %}
        {%- for any in numbers %}
        limit_{{ any }}_seconds,
        {%- endfor %}
        {%- for earlier in numbers if earlier < k %}
        entered_{{ earlier }}_place,
        entered_{{ earlier }}_at,
        {%- endfor %}
        case when is_in_time then reached_place end as entered_{{ k }}_place,
        case when is_in_time then reached_at end as entered_{{ k }}_at
    from judged_{{ k }}
),
{% endfor %}
summed as (
    select
        *,
        {%- for k in numbers %}
        case when entered_{{ k }}_place is null then 0 else 1 end{{ ' +' if not loop.last }}
        {%- endfor %} as stages_entered,
        greatest(
            {%- for k in numbers %}
            entered_{{ k }}_place{{ ',' if not loop.last }}
            {%- endfor %}
        ) as last_entered_place,
        greatest(
            {%- for k in numbers %}
            entered_{{ k }}_at{{ ',' if not loop.last }}
            {%- endfor %}
        ) as last_entered_at,
        -- The limit of the stage that is waited for.
        case
            when not is_ordered then null
            {%- for k in numbers if k < highest %}
            {%- set wanted = highest - k %}
            when entered_{{ wanted }}_place is not null then limit_{{ wanted + 1 }}_seconds
            {%- endfor %}
        end as next_limit_seconds
    from step_{{ highest }}
),

limited as (
    select
        *,
        stages_entered = stages as is_completed,
        least(overall_limit_at, {{ dbt.dateadd('second', 'next_limit_seconds', 'last_entered_at') }}) as limit_at
    from summed
),

ended as (
    select
        limited.*,
        case
            when limited.is_completed then 'completed'
            when
                limited.exit_place <= coalesce(limited.cut_place, {{ never }})
                and (limited.limit_at is null or limited.exit_at <= limited.limit_at)
                then 'exit_event'
            when
                limited.cut_place is not null
                and (limited.limit_at is null or limited.cut_at <= limited.limit_at)
                then 'restarted'
            when limited.limit_at < build.as_of then 'time_limit'
        end as end_reason
    from limited
    cross join {{ ref('silver__as_of') }} as build
),

stretches as (
    select
        *,
        case
            when end_reason = 'completed' then last_entered_place
            when end_reason = 'exit_event' then exit_place
            when end_reason = 'restarted' then cut_place
            -- After a time limit no event marks the end; the time does.
            when end_reason = 'time_limit' then event_place
            else {{ never }}
        end as end_place,
        case
            when end_reason = 'completed' then last_entered_at
            when end_reason = 'exit_event' then exit_at
            when end_reason = 'restarted' then cut_at
            when end_reason = 'time_limit' then limit_at
        end as ended_at
    from ended
),

in_turn as (
    select
        person_key,
        journey_id,
        {{ places_in_turn('event_place', 'occurred_at', 'end_place', "case when end_reason = 'time_limit' then ended_at end") }} as event_place
    from stretches
    where reentry = 'after_end' or (reentry = 'always' and not is_ordered)
    group by person_key, journey_id
),

instances as (
    select stretches.*
    from stretches
    left join in_turn
        on
            stretches.person_key = in_turn.person_key
            and stretches.journey_id = in_turn.journey_id
            and stretches.event_place = in_turn.event_place
    where stretches.reentry = 'once' or (stretches.reentry = 'always' and stretches.is_ordered) or in_turn.event_place is not null
),

entries as (
    select
        md5(instances.person_key || '|' || instances.journey_id || '|' || cast(instances.occurred_at as {{ dbt.type_string() }})) as journey_instance_id,
        instances.*,
        definitions.stage_number,
        definitions.stage_name,
        case definitions.stage_number
            {%- for k in numbers %}
            when {{ k }} then instances.entered_{{ k }}_place
            {%- endfor %}
        end as entered_place,
        case definitions.stage_number
            {%- for k in numbers %}
            when {{ k }} then instances.entered_{{ k }}_at
            {%- endfor %}
        end as entered_at
    from instances
    inner join {{ ref('silver__journey_definitions') }} as definitions
        on instances.journey_id = definitions.journey_id
)

select
    journey_instance_id,
    journey_id,
    person_key,
    golden_customer_id,
    event_place as start_place,
    occurred_at as started_at,
    stage_number,
    stage_name,
    entered_place,
    entered_at,
    min(entered_place) over later as next_entered_place,
    min(entered_at) over later as next_entered_at,
    limit_at,
    end_reason,
    end_place,
    ended_at
from entries
where entered_place is not null
window later as (partition by journey_instance_id order by entered_place range between 1 following and unbounded following)
