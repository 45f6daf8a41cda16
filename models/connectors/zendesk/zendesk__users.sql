-- Grain: one row per landed row of Zendesk's users.
-- `last_login_at` of Zendesk is a visit to the help centre, not to the product, and is therefore left out.
with organizations as (
    select
        id,
        max(coalesce(nullif(external_id, ''), id)) as customer_id
    from {{ source('zendesk', 'organization') }}
    group by id
)

select
    users.landed_file_id,
    users.landed_line,
    coalesce(nullif(users.external_id, ''), users.id) as user_id,
    coalesce(organizations.customer_id, users.organization_id) as customer_id,
    users.email,
    users.name as full_name,
    users.role,
    users.created_at,
    case when lower(users.suspended) = 'true' then 'false' else users.active end as is_active,
    case when lower(users.role) in ('agent', 'admin') then 'true' else 'false' end as is_internal,
    users.fivetran_deleted as is_deleted,
    users.updated_at
from {{ source('zendesk', 'user') }} as users
left join organizations on users.organization_id = organizations.id
