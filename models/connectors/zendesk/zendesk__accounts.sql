-- Grain: one row per landed row of Zendesk's organisations.
-- `external_id` is where a company keeps its own id of the account; it makes the account the same as elsewhere.
select
    landed_file_id,
    landed_line,
    coalesce(nullif(external_id, ''), id) as customer_id,
    name as customer_name,
    created_at,
    fivetran_deleted as is_deleted,
    updated_at
from {{ source('zendesk', 'organization') }}
