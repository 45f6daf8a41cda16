{# How bronze.customer_events and silver.sessions are brought up to date in parts: see build_plan. #}

{# Rows that new ones may replace, as the last build left them, for whoever counted them. An id that came before is not judged here: what is
   looked at again for nothing stays as it is. #}
{% macro begin_events() -%}
    {%- set plan = build_plan([]) -%}
    {% do begin_build(plan) %}
    {%- if is_building() and keeps_builds() and plan.part -%}
        {%- set replaced -%}
            select stored.visitor_id, stored.user_id, stored.tracker_session_id, stored.occurred_at
            from {{ this }} as stored
            where exists (
                select 1
                from ({{ arrived_events(true) }}) as incoming
                where
                    incoming.event_id = stored.event_id
                    and incoming.source_system = stored.source_system
            )
        {%- endset -%}
        {% do kept_table('replaced_events', replaced, schema='landing') %}
    {%- endif -%}
{%- endmacro %}

{# Landed rows that bronze.customer_events has not seen: those of newer loads, and those of older ones of which a newer load says more. The
   two are read apart, so that the engine can leave out older rows where they are read. #}
{% macro arrived_events(only_unseen) -%}
    select * from {{ ref('staging__customer_events') }}
    {%- if only_unseen %}
    where load_id > {{ stored_maximum('load_id') }}
    union all
    select * from {{ ref('staging__customer_events') }}
    where load_id <= {{ stored_maximum('load_id') }} and detail_load_id > {{ stored_maximum('load_id') }}
    {%- endif %}
{%- endmacro %}

{% macro plan_sessions() -%}
    {{ return(build_plan(['customer_events'], steps=['customer_events'])) }}
{%- endmacro %}

{# SQL that is true if an event belongs into a session. #}
{% macro makes_session(events, build) -%}
    coalesce({{ events }}.visitor_id, {{ events }}.user_id) is not null
    and not coalesce({{ events }}.is_bot, false)
    and {{ events }}.occurred_at <= {{ build }}.as_of
{%- endmacro %}

{#
    Takes out the sessions that new or replaced events touch, and leaves behind the events that are to be put into sessions again.

    Moments of a visitor in one stretch of the timeout's length are less than the timeout apart and touch the same sessions, so they count as one.
    Where sessions are told apart by pauses, those at least the timeout away from every moment stay as they are, and no event of theirs is read.
#}
{% macro begin_sessions() -%}
    {%- set plan = plan_sessions() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set timeout = var('session_timeout_minutes') * 60 -%}
        {%- set tracked = "coalesce(tracker_session_id, '')" if var('session_by') == 'tracker' else "''" -%}
        {%- set moments -%}
            select
                visitor_id,
                tracker_session_id,
                min(occurred_at) as first_at,
                max(occurred_at) as last_at
            from (
                select coalesce(visitor_id, user_id) as visitor_id, {{ tracked }} as tracker_session_id, occurred_at
                from {{ ref('bronze__customer_events') }}
                where load_id > {{ stored_maximum('load_id') }}
                {%- if plan.now['customer_events'] > plan.seen['customer_events'] %}
                union all
                select coalesce(visitor_id, user_id), {{ tracked }}, occurred_at
                from landing.replaced_events
                {%- endif %}
            ) as touched
            where visitor_id is not null
            group by
                visitor_id,
                tracker_session_id,
                floor({{ seconds_between("timestamp '1970-01-01 00:00:00'", 'occurred_at') }} / {{ timeout }})
        {%- endset -%}
        {% do step_table('moments_touched', moments) %}
        {%- set sessions -%}
            select distinct
                stored.session_id,
                stored.visitor_id,
                coalesce(stored.tracker_session_id, '') as tracker_session_id,
                stored.started_at,
                stored.ended_at
            from {{ this }} as stored
            inner join moments_touched as moments
                on
                    stored.visitor_id = moments.visitor_id
                    and coalesce(stored.tracker_session_id, '') = moments.tracker_session_id
                    and (
                        moments.tracker_session_id != ''
                        or (
                            {{ seconds_between('stored.ended_at', 'moments.first_at') }} < {{ timeout }}
                            and {{ seconds_between('moments.last_at', 'stored.started_at') }} < {{ timeout }}
                        )
                    )
        {%- endset -%}
        {% do step_table('sessions_touched', sessions) %}
        {%- set windows -%}
            select visitor_id, tracker_session_id, first_at, last_at from moments_touched
            union all
            select visitor_id, tracker_session_id, started_at, ended_at from sessions_touched
        {%- endset -%}
        {% do step_table('windows_touched', windows) %}
        {#- The bounds as plain values let the engine skip what lies outside without reading it. #}
        {%- set bounds = run_query('select min(first_at), max(last_at) from windows_touched').rows[0] -%}
        {%- set again -%}
            select bronze.*
            from {{ ref('bronze__customer_events') }} as bronze
            cross join {{ ref('silver__as_of') }} as build
            where
                {{ makes_session('bronze', 'build') }}
                {%- if bounds[0] is not none %}
                and bronze.occurred_at between timestamp '{{ bounds[0] }}' and timestamp '{{ bounds[1] }}'
                {%- endif %}
                and exists (
                    select 1
                    from windows_touched as windows
                    where
                        windows.visitor_id = coalesce(bronze.visitor_id, bronze.user_id)
                        and windows.tracker_session_id = {{ tracked | replace('tracker_session_id', 'bronze.tracker_session_id') }}
                        and bronze.occurred_at between windows.first_at and windows.last_at
                )
        {%- endset -%}
        {% do step_table('events_again', again) %}
        {% do run_query('delete from ' ~ this ~ ' where session_id in (select session_id from sessions_touched)') %}
    {%- endif -%}
{%- endmacro %}

{# Takes away what begin_sessions has left behind, and remembers the build. #}
{% macro end_sessions() -%}
    {% do remember_build(['customer_events']) %}
    {%- if is_building() and is_incremental() -%}
        {% do drop_step_tables(['moments_touched', 'sessions_touched', 'windows_touched', 'events_again']) %}
    {%- endif -%}
{%- endmacro %}
