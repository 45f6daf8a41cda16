-- Grain: one row per landed row of Stripe's customers.
select
    landed_file_id,
    landed_line,
    id as customer_id,
    name as customer_name,
    address_country as country,
    created as created_at,
    {{ negated('livemode') }} as is_test,
    is_deleted,
    fivetran_synced as updated_at
from {{ source('stripe', 'customer') }}
