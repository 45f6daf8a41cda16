-- Grain: one row per landed row of Stripe's customers.
-- Whoever pays by card, seen as a person: what Stripe calls a customer is the account and its card holder at once.
select
    landed_file_id,
    landed_line,
    id as source_record_id,
    id as customer_id,
    name as full_name,
    email,
    phone,
    address_line_1 as street_address,
    address_line_2,
    address_city as city,
    address_postal_code as postcode,
    address_state as region,
    address_country as country,
    created as created_at,
    {{ negated('livemode') }} as is_test,
    is_deleted,
    fivetran_synced as updated_at
from {{ source('stripe', 'customer') }}
