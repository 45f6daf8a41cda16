-- Grain: one row per session: the events of one visitor with no pause of session_timeout_minutes or more between them, or with one
-- session id of the tracker (session_by).
-- Only what the events themselves say is stored; who the visitor is may be learnt later, and is joined where sessions are read.
-- New rows rebuild the sessions that they lie in or less than the timeout away from, and so do rows that they replaced. No other can change.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_sessions() }}",
    post_hook="{{ end_sessions() }}"
) }}
{%- set build = plan_sessions() %}
{%- set tracked = 'tracker_session_id' if var('session_by') == 'tracker' else 'cast(null as ' ~ dbt.type_string() ~ ')' %}
{%- set stretch_number -%}
    cast(floor({{ seconds_between("timestamp '1970-01-01 00:00:00'", 'bronze.occurred_at') }} / ({{ var('session_timeout_minutes') }} * 60)) as bigint)
{%- endset %}
{#- The events that make sessions, all or those that begin_sessions has left; read twice, since the rows of the whole width would else be kept. #}
{%- set counted_events -%}
    from {% if build.part %}events_again{% else %}{{ ref('bronze__customer_events') }}{% endif %} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where {{ makes_session('bronze', 'build') }}
{%- endset %}

with events as (
    select
        bronze.event_id,
        bronze.event_name,
        bronze.occurred_at,
        coalesce(bronze.visitor_id, bronze.user_id) as visitor_id,
        bronze.user_id,
        bronze.source_system,
        bronze.customer_id,
        bronze.page_url,
        bronze.page_view_id,
        bronze.referrer_url,
        bronze.utm_source,
        bronze.utm_medium,
        bronze.utm_campaign,
        bronze.utm_term,
        bronze.utm_content,
        bronze.click_id,
        bronze.user_agent,
        bronze.device_type,
        bronze.platform,
        bronze.country,
        {{ tracked }} as tracker_session_id,
        case when bronze.is_heartbeat then coalesce(bronze.heartbeat_seconds, 0) end as heartbeat_seconds,
        bronze.load_id,
        {{ stretch_number }} as stretch
    {{ counted_events }}
),

-- Time is cut into stretches as long as the timeout. Events of a visitor in one stretch are less than the timeout apart, so they belong to one
-- session, and only stretches have to be put in order to find where sessions begin: they are few and narrow.
stretches as (
    select
        coalesce(bronze.visitor_id, bronze.user_id) as visitor_id,
        {{ tracked }} as tracker_session_id,
        {{ stretch_number }} as stretch,
        min(bronze.occurred_at) as first_at,
        max(bronze.occurred_at) as last_at
    {{ counted_events }}
    group by 1, 2, 3
),

preceded as (
    select
        *,
        lag(last_at) over (partition by visitor_id, tracker_session_id order by stretch nulls last) as previous_at
    from stretches
),

begun as (
    select
        *,
        case
            when previous_at is null then 1
            when tracker_session_id is not null then 0
            when {{ seconds_between('previous_at', 'first_at') }} >= {{ var('session_timeout_minutes') }} * 60 then 1
            else 0
        end as begins_session
    from preceded
),

numbered_stretches as (
    select
        visitor_id,
        tracker_session_id,
        stretch,
        sum(begins_session) over (
            partition by visitor_id, tracker_session_id
            order by stretch nulls last
            rows between unbounded preceding and current row
        ) as session_number
    from begun
),

placed as (
    select
        *,
        row_number() over (partition by visitor_id, tracker_session_id order by occurred_at, event_id, source_system) as event_place
    from events
),

numbered as (
    select
        placed.*,
        numbered_stretches.session_number,
        -- The page somebody came to, and the first event that names a campaign: all that is said of either comes from one event.
        case when placed.page_url is not null then placed.event_place end as page_place,
        case
            when coalesce(placed.utm_source, placed.utm_medium, placed.utm_campaign, placed.click_id) is not null then placed.event_place
        end as campaign_place
    from placed
    inner join numbered_stretches
        on
            placed.visitor_id = numbered_stretches.visitor_id
            and coalesce(placed.tracker_session_id, '') = coalesce(numbered_stretches.tracker_session_id, '')
            and placed.stretch = numbered_stretches.stretch
),

sessions as (
    select
        -- A tracker's session keeps its id when an earlier event of it comes in.
        md5(
            visitor_id || '|'
            || case when tracker_session_id is not null then 'tracker ' || tracker_session_id else cast(min(occurred_at) as {{ dbt.type_string() }}) end
        ) as session_id,
        visitor_id,
        -- Several logins in one session are rare; the one used last in it stands for it.
        max_by(user_id, event_place) filter (where user_id is not null) as user_id,
        max_by(source_system, event_place) filter (where customer_id is not null) as account_system,
        max_by(customer_id, event_place) filter (where customer_id is not null) as source_customer_id,
        tracker_session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        cast(count(*) as bigint) as events,
        -- A showing that was delivered twice under two event ids is one.
        cast(
            count(distinct case when event_name in ('page_view', 'screen_view') then coalesce(page_view_id, source_system || ' ' || event_id) end) as bigint
        ) as page_views,
        cast(count(heartbeat_seconds) as bigint) as heartbeats,
        -- Decimals add up to the same sum in any order; floating-point numbers do not.
        cast(coalesce(sum(cast(heartbeat_seconds as decimal(18, 6))), 0) as decimal(18, 6)) as engaged_seconds,
        cast({{ seconds_between('min(occurred_at)', 'max(occurred_at)') }} as decimal(18, 6)) as duration_seconds,
        min_by(page_url, page_place) filter (where page_place is not null) as entry_page_url,
        max_by(page_url, page_place) filter (where page_place is not null) as exit_page_url,
        nullif(min_by(coalesce(referrer_url, ''), page_place) filter (where page_place is not null), '') as referrer_url,
        {% for column in ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'click_id'] -%}
        nullif(min_by(coalesce({{ column }}, ''), campaign_place) filter (where campaign_place is not null), '') as {{ column }},
        {% endfor -%}
        {% for column in ['user_agent', 'device_type', 'platform', 'country'] -%}
        min_by({{ column }}, event_place) filter (where {{ column }} is not null) as {{ column }},
        {% endfor -%}
        cast(max(load_id) as bigint) as load_id
    from numbered
    group by visitor_id, tracker_session_id, session_number
)

select
    *,
    {{ traffic_source_id('entry_page_url', 'referrer_url', 'utm_source', 'utm_medium', 'utm_campaign') }} as traffic_source_id
from sessions
