-- Grain: one row per golden customer: one real person, as far as the records tell.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_golden_customers() }}",
    post_hook="{{ remember_build(['golden_fields'], seeds=['survivorship_fields']) }}"
) }}
{%- set build = plan_golden_customers() %}

with golden_fields as (
    select
        golden_fields.golden_customer_id,
        golden_fields.field,
        golden_fields.value,
        golden_fields.agreement_rate,
        fields.completeness_weight,
        fields.conflict_weight
    from {{ ref('silver__golden_fields') }} as golden_fields
    inner join {{ ref('survivorship_fields') }} as fields
        on golden_fields.field = fields.field
    {% if build.part %}
    inner join identity.touched_golden_customers as touched
        on golden_fields.golden_customer_id = touched.golden_customer_id
    {% endif %}
),

all_weights as (
    select sum(completeness_weight) as completeness_weight
    from {{ ref('survivorship_fields') }}
),

surviving as (
    select
        golden_customer_id,
        {% for field in [
            'title', 'given_name', 'middle_name', 'family_name', 'full_name', 'birth_date', 'gender', 'email', 'phone', 'mobile_phone',
            'house_number', 'street_address', 'address_line_2', 'city', 'postcode', 'region', 'country', 'language',
            'company_name', 'job_title',
        ] %}
        max(case when field = '{{ field }}' then value end) as {{ field }},
        {% endfor %}
        sum(completeness_weight) as filled_weight,
        -- Summed as decimals, which give the same sum in any order.
        sum(conflict_weight) as conflict_weight,
        sum(cast(conflict_weight * (1 - agreement_rate) as decimal(18, 12))) as disagreement
    from golden_fields
    group by golden_customer_id
),

clusters as (
    select
        identity_map.golden_customer_id,
        count(*) as records,
        count(distinct source_records.source_system) as source_systems,
        min(coalesce(source_records.created_at, nullif(source_records.updated_at, timestamp '1900-01-01 00:00:00'))) as first_seen_at,
        max(nullif(source_records.updated_at, timestamp '1900-01-01 00:00:00')) as last_updated_at,
        sum(case when source_records.is_deleted then 0 else 1 end) as records_in_force,
        sum(case when source_records.is_deleted or source_records.is_test then 0 else 1 end) as records_in_use,
        sum(case when source_records.is_test then 1 else 0 end) as test_records,
        sum(case when source_records.is_internal then 1 else 0 end) as internal_records
    from {{ ref('silver__identity_map') }} as identity_map
    inner join {{ ref('silver__source_records') }} as source_records
        on identity_map.record_key = source_records.record_key
    {% if build.part %}
    inner join identity.touched_golden_customers as touched
        on identity_map.golden_customer_id = touched.golden_customer_id
    {% endif %}
    group by identity_map.golden_customer_id
)

select
    clusters.golden_customer_id,
    surviving.title,
    surviving.given_name,
    surviving.middle_name,
    surviving.family_name,
    surviving.full_name,
    try_cast(surviving.birth_date as date) as birth_date,
    surviving.gender,
    surviving.email,
    surviving.phone,
    surviving.mobile_phone,
    surviving.house_number,
    surviving.street_address,
    surviving.address_line_2,
    surviving.city,
    surviving.postcode,
    surviving.region,
    surviving.country,
    surviving.language,
    surviving.company_name,
    surviving.job_title,
    clusters.records,
    clusters.source_systems,
    clusters.first_seen_at,
    clusters.last_updated_at,
    cast(100 * coalesce(surviving.filled_weight, 0) as double) / nullif(all_weights.completeness_weight, 0) as completeness_score,
    cast(100 * coalesce(surviving.disagreement, 0) as double)
    / coalesce(nullif(surviving.conflict_weight, 0), 1) as conflict_score,
    clusters.records_in_force = 0 as is_deleted,
    clusters.test_records > 0 and clusters.records_in_use = 0 as is_test,
    clusters.internal_records > 0 as is_internal
from clusters
cross join all_weights
left join surviving
    on clusters.golden_customer_id = surviving.golden_customer_id
