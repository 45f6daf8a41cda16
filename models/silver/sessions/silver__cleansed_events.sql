-- Grain: one row per event up to as_of, with the visitor and the account it belongs to, and who caused it: a person, a robot, our own staff.
-- A view: the rows are those of bronze, and one more copy of every event would buy nothing.
{{ config(materialized='view') }}

select
    events.source_system,
    events.event_id,
    events.event_name,
    events.occurred_at,
    events.received_at,
    -- Who keeps one device for many logins is told apart by login only when the tracker gives no visitor id.
    coalesce(events.visitor_id, events.user_id) as visitor_id,
    events.user_id,
    coalesce(account_map.customer_id, users.customer_id) as customer_id,
    events.tracker_session_id,
    events.platform,
    events.feature_name,
    events.page_url,
    events.page_view_id,
    events.page_title,
    events.referrer_url,
    events.utm_source,
    events.utm_medium,
    events.utm_campaign,
    events.utm_term,
    events.utm_content,
    events.click_id,
    events.user_agent,
    events.device_type,
    events.country,
    events.event_value,
    events.currency,
    events.properties,
    coalesce(events.is_bot, false) or {{ is_robot_on('events.platform', 'events.user_agent') }} as is_robot,
    staff.user_id is not null or coalesce(account_map.is_left_out, false) as is_internal,
    coalesce(events.is_heartbeat, false) as is_heartbeat,
    case when events.is_heartbeat then coalesce(events.heartbeat_seconds, 0) else 0 end as heartbeat_seconds,
    events.source_file,
    events.source_line,
    events.load_id
from {{ ref('bronze__customer_events') }} as events
left join {{ ref('silver__users') }} as users
    on events.user_id = users.user_id
left join {{ ref('silver__account_map') }} as account_map
    on events.source_system = account_map.source_system and events.customer_id = account_map.source_customer_id
left join {{ ref('silver__staff') }} as staff
    on events.user_id = staff.user_id
cross join {{ ref('silver__as_of') }} as build
where events.occurred_at <= build.as_of
