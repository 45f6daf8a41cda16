-- Wrong if a golden value cannot be found in the record it is said to come from, that record is another person's, or a value of
-- golden_customers has no row that says where it comes from.
{% set fields = [
    'title', 'given_name', 'middle_name', 'family_name', 'full_name', 'birth_date', 'gender', 'email', 'phone', 'mobile_phone', 'house_number',
    'street_address', 'address_line_2', 'city', 'postcode', 'region', 'country', 'language', 'company_name', 'job_title',
] -%}
with stated as (
    {% for field in fields %}
    select
        golden_customer_id,
        '{{ field }}' as field,
        cast({{ field }} as {{ dbt.type_string() }}) as value
    from {{ ref('silver__golden_customers') }}
    where {{ field }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

read as (
    select
        golden_fields.golden_customer_id,
        golden_fields.field,
        golden_fields.value,
        identity_map.golden_customer_id as record_belongs_to,
        source_records.source_file,
        golden_fields.source_file as stated_file,
        source_records.source_line,
        golden_fields.source_line as stated_line,
        case golden_fields.field
            {% for field in fields %}
            when '{{ field }}' then cast(source_records.{{ field }} as {{ dbt.type_string() }})
            {% endfor %}
        end as value_in_record
    from {{ ref('silver__golden_fields') }} as golden_fields
    left join {{ ref('silver__source_records') }} as source_records
        on golden_fields.record_key = source_records.record_key
    left join {{ ref('silver__identity_map') }} as identity_map
        on golden_fields.record_key = identity_map.record_key
)

select
    coalesce(stated.golden_customer_id, read.golden_customer_id) as golden_customer_id,
    coalesce(stated.field, read.field) as field
from stated
full outer join read
    on stated.golden_customer_id = read.golden_customer_id and stated.field = read.field
where
    stated.value is null
    or read.value is null
    or stated.value != read.value
    or coalesce(read.value_in_record, '') != read.value
    or coalesce(read.record_belongs_to, '') != read.golden_customer_id
    or coalesce(read.source_file, '') != coalesce(read.stated_file, '')
    or coalesce(read.source_line, -1) != coalesce(read.stated_line, -1)
