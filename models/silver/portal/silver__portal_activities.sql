-- Grain: one row per activity in the portal up to as_of. Test accounts and our own staff are left out.
select
    activities.source_system,
    activities.activity_id,
    account_map.customer_id,
    activities.user_id,
    activities.activity_at,
    lower(activities.activity_type) as activity_type,
    lower(activities.feature_used) as feature_used,
    activities.dashboard_id,
    activities.query_id,
    activities.session_duration_minutes,
    activities.success_indicator,
    activities.support_ticket_created,
    coalesce(activities.marked_as_valuable, false) as marked_as_valuable,
    activities.shared_with_colleagues,
    activities.source_file,
    activities.source_line
from {{ ref('bronze__customer_activity_log') }} as activities
inner join {{ ref('silver__account_map') }} as account_map
    on activities.source_system = account_map.source_system and activities.customer_id = account_map.source_customer_id
inner join {{ ref('silver__accounts') }} as accounts
    on account_map.customer_id = accounts.customer_id
cross join {{ ref('silver__as_of') }} as build
where
    not account_map.is_left_out
    and activities.activity_at <= build.as_of
    and not exists (
        select 1
        from {{ ref('silver__staff') }} as staff
        where staff.user_id = activities.user_id
    )
