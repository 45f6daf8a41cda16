-- Grain: one row per session: the events of one visitor with no pause of session_timeout_minutes or more between them.
-- Only what the events themselves say is stored; who the visitor is may be learnt later, and is joined where sessions are read.
-- New rows rebuild the visitors they belong to, and the visitors that a row belonged to which they replace.
{% if not execute %}{% do ref("staging__customer_events") %}{% endif %}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where visitor_id in (select visitor_id from ({{ visitors_to_rebuild() }}) as touched){% endif %}"
) }}

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
        bronze.referrer_url,
        bronze.utm_source,
        bronze.utm_medium,
        bronze.utm_campaign,
        bronze.device_type,
        case when bronze.is_heartbeat then coalesce(bronze.heartbeat_seconds, 0) else 0 end as heartbeat_seconds,
        bronze.load_id
    from {{ ref('bronze__customer_events') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where
        coalesce(bronze.visitor_id, bronze.user_id) is not null
        and not coalesce(bronze.is_bot, false)
        and bronze.occurred_at <= build.as_of
        {% if is_incremental() %}
        -- The sessions of these visitors were deleted by the pre-hook, in the same transaction.
        and not exists (
            select 1
            from {{ this }} as stored
            where stored.visitor_id = coalesce(bronze.visitor_id, bronze.user_id)
        )
        {% endif %}
),

placed as (
    select
        *,
        row_number() over (partition by visitor_id order by occurred_at, event_id, source_system) as event_place,
        lag(occurred_at) over (partition by visitor_id order by occurred_at, event_id, source_system) as previous_at
    from events
),

begun as (
    select
        *,
        case
            when
                previous_at is null
                or {{ seconds_between('previous_at', 'occurred_at') }} >= {{ var('session_timeout_minutes') }} * 60
                then 1
            else 0
        end as begins_session
    from placed
),

numbered as (
    select
        *,
        sum(begins_session) over (
            partition by visitor_id
            order by event_place
            rows between unbounded preceding and current row
        ) as session_number
    from begun
)

select
    md5(visitor_id || '|' || cast(min(occurred_at) as {{ dbt.type_string() }})) as session_id,
    visitor_id,
    -- Several logins in one session are rare; the one used last in it stands for it.
    max_by(user_id, event_place) filter (where user_id is not null) as user_id,
    max_by(source_system, event_place) filter (where customer_id is not null) as account_system,
    max_by(customer_id, event_place) filter (where customer_id is not null) as source_customer_id,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    cast(count(*) as bigint) as events,
    cast(sum(case when event_name = 'page_view' then 1 else 0 end) as bigint) as page_views,
    -- Decimals add up to the same sum in any order; floating-point numbers do not.
    cast(sum(cast(heartbeat_seconds as decimal(18, 6))) as decimal(18, 6)) as engaged_seconds,
    cast({{ seconds_between('min(occurred_at)', 'max(occurred_at)') }} as decimal(18, 6)) as duration_seconds,
    min_by(page_url, event_place) filter (where page_url is not null) as entry_page_url,
    max_by(page_url, event_place) filter (where page_url is not null) as exit_page_url,
    min_by(referrer_url, event_place) filter (where referrer_url is not null) as referrer_url,
    min_by(utm_source, event_place) filter (where utm_source is not null) as utm_source,
    min_by(utm_medium, event_place) filter (where utm_medium is not null) as utm_medium,
    min_by(utm_campaign, event_place) filter (where utm_campaign is not null) as utm_campaign,
    min_by(device_type, event_place) filter (where device_type is not null) as device_type,
    cast(max(load_id) as bigint) as load_id
from numbered
group by visitor_id, session_number
