-- Grain: one row per goal agreed up to as_of, as it stood then.
select
    goals.source_system,
    goals.goal_id,
    account_map.customer_id,
    goals.goal_name,
    goals.created_at,
    goals.target_at,
    case when goals.achieved_at <= build.as_of then goals.achieved_at end as achieved_at,
    case when goals.abandoned_at <= build.as_of then goals.abandoned_at end as abandoned_at,
    case
        when goals.achieved_at <= build.as_of then 'achieved'
        when goals.abandoned_at <= build.as_of then 'abandoned'
        when goals.target_at <= build.as_of then 'overdue'
        else 'open'
    end as status,
    case when goals.achieved_at <= build.as_of then 1 else goals.progress_ratio end as progress_ratio,
    goals.csm_owner,
    goals.source_file,
    goals.source_line
from {{ ref('bronze__goals') }} as goals
inner join {{ ref('silver__account_map') }} as account_map
    on goals.source_system = account_map.source_system and goals.customer_id = account_map.source_customer_id
inner join {{ ref('silver__accounts') }} as accounts
    on account_map.customer_id = accounts.customer_id
cross join {{ ref('silver__as_of') }} as build
where
    not coalesce(goals.is_deleted, false)
    and not account_map.is_left_out
    and goals.created_at <= build.as_of
