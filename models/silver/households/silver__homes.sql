-- Grain: one row per person whose surviving address is complete: where they live and what family name they bear, as keys.
-- The name is the surviving one too; the record that gave the address may still carry a former one.
with written as (
    select
        address.golden_customer_id,
        records.record_key,
        records.street_key,
        records.house_number_key,
        records.address_line_2_key,
        coalesce(records.postcode_key, records.city_key) as place_key,
        records.country
    from {{ ref('silver__golden_fields') }} as address
    inner join {{ ref('silver__source_records') }} as records
        on address.source_system = records.source_system and address.source_record_id = records.source_record_id
    where
        address.field = 'street_address'
        and records.street_key is not null
        and not coalesce(records.is_test, false)
),

addresses as (
    select
        golden_customer_id,
        record_key,
        street_key || '|' || house_number_key || '|' || coalesce(address_line_2_key, '') || '|' || place_key || '|'
        || coalesce(country, '') as address_key
    from written
    where place_key is not null and house_number_key is not null
),

names as (
    select
        name.golden_customer_id,
        records.family_name_key
    from {{ ref('silver__golden_fields') }} as name
    inner join {{ ref('silver__source_records') }} as records
        on name.source_system = records.source_system and name.source_record_id = records.source_record_id
    where name.field = 'family_name'
)

select
    addresses.golden_customer_id,
    addresses.record_key,
    addresses.address_key,
    names.family_name_key
from addresses
left join names
    on addresses.golden_customer_id = names.golden_customer_id
