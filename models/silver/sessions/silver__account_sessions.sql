-- Grain: one row per session, with the account it belongs to as far as that is known today.
{{ config(materialized='view') }}

select
    sessions.session_id,
    sessions.visitor_id,
    sessions.user_id,
    coalesce(account_map.customer_id, users.customer_id) as customer_id,
    sessions.started_at,
    sessions.ended_at,
    sessions.events,
    sessions.page_views,
    sessions.engaged_seconds,
    sessions.duration_seconds,
    sessions.entry_page_url,
    sessions.exit_page_url,
    sessions.referrer_url,
    sessions.utm_source,
    sessions.utm_medium,
    sessions.utm_campaign,
    sessions.device_type
from {{ ref('silver__sessions') }} as sessions
left join {{ ref('silver__users') }} as users
    on sessions.user_id = users.user_id
left join {{ ref('silver__account_map') }} as account_map
    on sessions.account_system = account_map.source_system and sessions.source_customer_id = account_map.source_customer_id
where
    not coalesce(account_map.is_left_out, false)
    and not exists (
        select 1
        from {{ ref('silver__staff') }} as staff
        where staff.user_id = sessions.user_id
    )
