-- Grain: one row per landed row of HubSpot's companies.
select
    landed_file_id,
    landed_line,
    id as customer_id,
    property_name as customer_name,
    property_industry as industry,
    property_country as country,
    property_domain as website_domain,
    property_createdate as created_at,
    is_deleted,
    coalesce(nullif(property_hs_lastmodifieddate, ''), fivetran_synced) as updated_at
from {{ source('hubspot', 'company') }}
