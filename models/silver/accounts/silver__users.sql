-- Grain: one row per login. Our own staff and deleted logins are left out.
with listed as (
    select
        users.user_id,
        account_map.customer_id,
        users.email,
        users.full_name,
        users.role,
        users.created_at,
        users.last_login_at,
        coalesce(users.is_active, true) as is_active,
        users.is_internal,
        users.is_deleted,
        account_map.is_left_out,
        users.source_system,
        users.source_file,
        users.source_line,
        row_number() over (
            partition by users.user_id
            order by users.updated_at desc nulls last, users.source_system, users.source_file desc, users.source_line desc
        ) as listing_rank
    from {{ ref('bronze__users') }} as users
    left join {{ ref('silver__account_map') }} as account_map
        on users.source_system = account_map.source_system and users.customer_id = account_map.source_customer_id
)

select
    listed.user_id,
    listed.customer_id,
    identity_map.golden_customer_id,
    listed.email,
    listed.full_name,
    listed.role,
    listed.created_at,
    listed.last_login_at,
    listed.is_active,
    listed.source_system,
    listed.source_file,
    listed.source_line
from listed
cross join {{ ref('silver__as_of') }} as build
left join {{ ref('silver__identity_map') }} as identity_map
    on listed.source_system = identity_map.source_system and 'user:' || listed.user_id = identity_map.source_record_id
where
    listed.listing_rank = 1
    and not coalesce(listed.is_internal, false)
    and not coalesce(listed.is_deleted, false)
    and not coalesce(listed.is_left_out, false)
    and (listed.created_at is null or listed.created_at <= build.as_of)
