-- Grain: one row per landed row of Salesforce's accounts.
select
    landed_file_id,
    landed_line,
    id as customer_id,
    name as customer_name,
    industry,
    coalesce(nullif(billing_country_code, ''), billing_country) as country,
    website as website_domain,
    account_source as acquisition_channel,
    created_date as created_at,
    is_deleted,
    coalesce(nullif(last_modified_date, ''), fivetran_synced) as updated_at
from {{ source('salesforce', 'account') }}
