-- Grain: one row per session of a person, with who it was, as far as that is known today, and where it came from.
-- A visit without a login is the one's who logged in next on the device (see silver__visitor_people). Staff and robots are left out.
{{ config(materialized='view') }}

with owned as (
    select
        sessions.*,
        coalesce(sessions.user_id, people.user_id) as person_user_id,
        sessions.user_id is null and people.user_id is not null as is_stitched
    from {{ ref('silver__sessions') }} as sessions
    left join {{ ref('silver__visitor_people') }} as people
        on {{ taken_for('sessions', 'people', 'started_at') }}
),

converted as (
    select
        session_id,
        cast(count(*) as bigint) as conversions,
        cast(sum(value_usd) as decimal(18, 4)) as conversion_value_usd
    from {{ ref('silver__conversions') }}
    where session_id is not null
    group by session_id
)

select
    owned.session_id,
    owned.visitor_id,
    owned.person_user_id as user_id,
    coalesce(account_map.customer_id, users.customer_id) as customer_id,
    users.golden_customer_id,
    owned.is_stitched,
    owned.started_at,
    owned.ended_at,
    owned.events,
    owned.page_views,
    owned.engaged_seconds,
    owned.duration_seconds,
    coalesce(converted.conversions, 0) as conversions,
    coalesce(converted.conversion_value_usd, 0) as conversion_value_usd,
    -- A tracker without heartbeats shows attention by what was done and when.
    owned.page_views < 2
    and owned.engaged_seconds < {{ var('engaged_session_seconds') }}
    and (owned.heartbeats > 0 or owned.duration_seconds < {{ var('engaged_session_seconds') }})
    and converted.session_id is null as is_bounce,
    owned.entry_page_url,
    owned.exit_page_url,
    owned.referrer_url,
    owned.utm_source,
    owned.utm_medium,
    owned.utm_campaign,
    channels.channel_group,
    channels.source,
    channels.medium,
    channels.campaign,
    owned.device_type,
    owned.platform,
    owned.country
from owned
left join {{ ref('silver__session_channels') }} as channels
    on owned.session_id = channels.session_id
left join converted
    on owned.session_id = converted.session_id
left join {{ ref('silver__users') }} as users
    on owned.person_user_id = users.user_id
left join {{ ref('silver__account_map') }} as account_map
    on owned.account_system = account_map.source_system and owned.source_customer_id = account_map.source_customer_id
where
    not coalesce(account_map.is_left_out, false)
    and not {{ is_robot_on('owned.platform', 'owned.user_agent') }}
    and not exists (
        select 1
        from {{ ref('silver__staff') }} as staff
        where staff.user_id = owned.person_user_id
    )
