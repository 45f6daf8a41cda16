-- Grain: one row per source record: its latest version not after as_of. A record may be of a person, or a login of one.
-- Looked at again are records of which something new came in, whose next version as_of has reached, or whose account is called otherwise now.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='record_key',
    on_schema_change='fail',
    pre_hook="{{ begin_build({'part': is_incremental()}) }}",
    post_hook="{{ remember_build(['record_versions']) }}"
) }}
{%- set build = build_plan([]) %}

with versions as (
    select
        versions.*,
        account_map.customer_id
    from {{ ref('silver__record_versions') }} as versions
    cross join {{ ref('silver__as_of') }} as build
    left join {{ ref('silver__account_map') }} as account_map
        on versions.account_system = account_map.source_system and versions.source_customer_id = account_map.source_customer_id
    where versions.updated_at <= build.as_of
),

{% if is_incremental() %}
-- A version that was beyond the last build's as_of is newer than every row stored then.
touched as (
    select versions.record_key
    from versions
    where
        versions.load_id > {{ stored_maximum('load_id') }}
        or versions.updated_at > (select coalesce(max(stored.updated_at), timestamp '1900-01-01 00:00:00') from {{ this }} as stored)
    union
    select stored.record_key
    from {{ this }} as stored
    left join {{ ref('silver__account_map') }} as account_map
        on stored.account_system = account_map.source_system and stored.source_customer_id = account_map.source_customer_id
    where coalesce(stored.customer_id, '') != coalesce(account_map.customer_id, '')
),
{% endif %}

ranked as (
    select
        versions.*,
        max(versions.load_id) over (partition by versions.record_key) as newest_load_id,
        row_number() over (
            partition by versions.record_key
            order by versions.updated_at desc, versions.source_file desc, versions.source_line desc
        ) as version_rank
    from versions
    {% if is_incremental() %}
    where versions.record_key in (select touched.record_key from touched)
    {% endif %}
),

-- Whoever married is found under both names.
former as (
    select
        record_key,
        {{ joined_text('family_name_key', ' ', 'family_name_key') }} as former_family_names
    from (
        select distinct
            older.record_key,
            older.family_name_key
        from ranked as older
        inner join ranked as latest
            on older.record_key = latest.record_key and latest.version_rank = 1
        where older.version_rank > 1 and older.family_name_key != coalesce(latest.family_name_key, '')
    ) as names
    group by record_key
)

select
    ranked.record_key,
    ranked.record_type,
    ranked.source_system,
    ranked.source_record_id,
    ranked.user_id,
    ranked.title,
    ranked.given_name,
    ranked.middle_name,
    ranked.family_name,
    ranked.name_suffix,
    ranked.full_name,
    ranked.given_name_key,
    ranked.middle_name_key,
    ranked.family_name_key,
    former.former_family_names,
    ranked.name_suffix_key,
    ranked.birth_digits,
    ranked.gender,
    ranked.gender_key,
    ranked.email,
    ranked.email_key,
    ranked.phone,
    ranked.mobile_phone,
    ranked.national_id_key,
    ranked.house_number_key,
    ranked.street_key,
    ranked.address_line_2_key,
    ranked.city_key,
    ranked.postcode_key,
    ranked.region_key,
    ranked.country,
    ranked.house_number,
    ranked.street_address,
    ranked.address_line_2,
    ranked.city,
    ranked.postcode,
    ranked.region,
    ranked.language,
    ranked.company_name,
    ranked.job_title,
    ranked.is_email_verified,
    ranked.is_phone_verified,
    ranked.is_deleted,
    ranked.is_test,
    ranked.is_internal,
    ranked.created_at,
    ranked.updated_at,
    ranked.source_file,
    ranked.source_line,
    ranked.birth_date,
    ranked.account_system,
    ranked.source_customer_id,
    ranked.customer_id,
    arrivals.first_load_id,
    md5(
        ranked.content_hash || coalesce(former.former_family_names, '')
        || {{ precedence('arrivals.first_load_id', 'ranked.created_at', 'ranked.record_key') }}
    ) as content_hash,
    cast(ranked.newest_load_id as bigint) as load_id,
    cast({{ build.number }} as bigint) as build_number
from ranked
inner join {{ ref('silver__record_arrivals') }} as arrivals
    on ranked.record_key = arrivals.record_key
left join former
    on ranked.record_key = former.record_key
where ranked.version_rank = 1
