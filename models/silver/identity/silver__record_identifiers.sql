-- Grain: one row per record_key, identifier_type, identifier_value. All versions up to as_of count: a former address still is theirs.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_record_identifiers() }}",
    post_hook="{{ remember_build(['source_records']) }}"
) }}
{%- set build = plan_record_identifiers() %}

with stated as (
    select
        identifiers.source_system,
        {{ record_key('identifiers.origin_system', 'identifiers.source_record_id') }} as record_key,
        lower(trim(identifiers.identifier_type)) as identifier_type,
        trim({{ visible_text('identifiers.identifier_value') }}) as identifier_text,
        coalesce(identifiers.is_verified, false) as is_verified,
        coalesce(identifiers.updated_at, timestamp '1900-01-01 00:00:00') as updated_at,
        identifiers.load_id
    from {{ ref('bronze__customer_identifiers') }} as identifiers
    cross join {{ ref('silver__as_of') }} as build
    where identifiers.updated_at is null or identifiers.updated_at <= build.as_of
),

versions as (
    select versions.*
    from {{ ref('silver__record_versions') }} as versions
    cross join {{ ref('silver__as_of') }} as build
    where versions.updated_at <= build.as_of
),

touched as (
    {% if build.part %}
    select identifiers_touched.record_key
    from identifiers_touched
    {% else %}
    select records.record_key
    from {{ ref('silver__source_records') }} as records
    {% endif %}
),

read as (
    {% for column, type, verified in [
        ('email_key', 'email', 'is_email_verified'),
        ('phone', 'phone', 'is_phone_verified'),
        ('mobile_phone', 'phone', 'is_phone_verified'),
        ('national_id_key', 'national_id', 'false'),
        ('user_id', 'login', 'false'),
    ] %}
    select
        versions.record_key,
        '{{ type }}' as identifier_type,
        versions.{{ column }} as identifier_value,
        coalesce({{ verified if verified == 'false' else 'versions.' ~ verified }}, false) as is_verified,
        versions.updated_at,
        versions.load_id
    from versions
    inner join touched
        on versions.record_key = touched.record_key
    where versions.{{ column }} is not null
    union all
    {% endfor %}
    select
        records.record_key,
        'account' as identifier_type,
        records.customer_id as identifier_value,
        false as is_verified,
        records.updated_at,
        records.load_id
    from {{ ref('silver__source_records') }} as records
    inner join touched
        on records.record_key = touched.record_key
    where records.customer_id is not null
    union all
    select
        stated.record_key,
        stated.identifier_type,
        case
            when stated.identifier_type = 'email' then {{ email_key('lower(stated.identifier_text)', 'providers') }}
            when stated.identifier_type = 'phone'
                then {{ phone_key('stated.identifier_text', "coalesce(records.country, '" ~ (var('default_country') or '') ~ "')") }}
            else upper({{ text_key('stated.identifier_text') }})
        end as identifier_value,
        stated.is_verified,
        stated.updated_at,
        stated.load_id
    from stated
    inner join touched
        on stated.record_key = touched.record_key
    inner join {{ ref('silver__source_records') }} as records
        on stated.record_key = records.record_key
    left join {{ ref('mail_providers') }} as providers
        on split_part(lower(stated.identifier_text), '@', 2) = providers.domain
)

select
    record_key,
    identifier_type,
    identifier_value,
    bool_or(is_verified) as is_verified,
    max(updated_at) as updated_at,
    cast(max(load_id) as bigint) as load_id,
    cast({{ build.number }} as bigint) as build_number
from read
where identifier_value is not null
group by record_key, identifier_type, identifier_value
