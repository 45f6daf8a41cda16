-- Grain: one row per landed row of HubSpot's contacts.
-- A contact's properties stand under `property_…`; which of them exist depends on the company that keeps them.
select
    landed_file_id,
    landed_line,
    id as source_record_id,
    property_associatedcompanyid as customer_id,
    property_salutation as title,
    property_firstname as given_name,
    property_lastname as family_name,
    property_date_of_birth as birth_date,
    property_gender as gender,
    property_email as email,
    property_phone as phone,
    property_mobilephone as mobile_phone,
    property_address as street_address,
    property_city as city,
    property_zip as postcode,
    property_state as region,
    property_country as country,
    property_hs_language as language,
    property_company as company_name,
    property_jobtitle as job_title,
    fivetran_deleted as is_deleted,
    property_createdate as created_at,
    coalesce(nullif(property_lastmodifieddate, ''), fivetran_synced) as updated_at
from {{ source('hubspot', 'contact') }}
