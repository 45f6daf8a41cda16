-- Grain: one row per version of a source record, normalised: what a source wrote, and the form in which records are compared.
-- Versions after as_of are here too; source_records looks only at those before. A login has one version, the last.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='version_key', on_schema_change='fail') }}
{% set texts = [
    'title', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'full_name', 'birth_date', 'gender', 'email', 'phone', 'mobile_phone',
    'national_id', 'house_number', 'street_address', 'address_line_2', 'city', 'postcode', 'region', 'country', 'language', 'company_name', 'job_title',
] %}
{% set region = "coalesce(countries.country, '" ~ (var('default_country') or '') ~ "')" %}

with incoming as (
    select
        md5(source_system || '|' || {{ record_key('origin_system', 'source_record_id') }} || '|' || cast(updated_at as {{ dbt.type_string() }})) as version_key,
        {{ record_key('origin_system', 'source_record_id') }} as record_key,
        'customer' as record_type,
        origin_system as source_system,
        source_record_id,
        source_system as account_system,
        customer_id as source_customer_id,
        cast(null as {{ dbt.type_string() }}) as user_id,
        {% for column in texts %}
        {{ column }},
        {% endfor %}
        is_email_verified,
        is_phone_verified,
        coalesce(is_deleted, false) as is_deleted,
        coalesce(is_test, false) as is_test,
        false as is_internal,
        created_at,
        updated_at,
        source_file,
        source_line,
        load_id
    from {{ ref('bronze__customers') }}
    union all
    select
        md5({{ record_key('source_system', "'user:' || user_id") }}) as version_key,
        {{ record_key('source_system', "'user:' || user_id") }} as record_key,
        'login' as record_type,
        source_system,
        'user:' || user_id as source_record_id,
        source_system as account_system,
        customer_id as source_customer_id,
        user_id,
        {% for column in texts %}
        {{ column if column in ['full_name', 'email'] else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as {{ column }},
        {% endfor %}
        cast(null as boolean) as is_email_verified,
        cast(null as boolean) as is_phone_verified,
        coalesce(is_deleted, false) as is_deleted,
        false as is_test,
        coalesce(is_internal, false) as is_internal,
        created_at,
        coalesce(updated_at, created_at, timestamp '1900-01-01 00:00:00') as updated_at,
        source_file,
        source_line,
        load_id
    from {{ ref('bronze__users') }}
),

fresh as (
    select
        version_key,
        record_key,
        record_type,
        source_system,
        source_record_id,
        account_system,
        source_customer_id,
        user_id,
        {% for column in texts %}
        nullif(trim({{ visible_text(column) if column == 'email' else column }}), '') as {{ column }},
        {% endfor %}
        lower(nullif(trim({{ visible_text('email') }}), '')) as email_lower,
        is_email_verified,
        is_phone_verified,
        is_deleted,
        is_test,
        is_internal,
        created_at,
        updated_at,
        source_file,
        source_line,
        load_id
    from incoming
    {% if is_incremental() %}
    where load_id > {{ stored_maximum('load_id') }}
    {% endif %}
),

-- A full name is taken apart only where neither part of it came by itself. What tells a son from his father stands behind any of the names.
named as (
    select
        fresh.*,
        coalesce(given_name, case when family_name is null then {{ name_part('full_name', 'given') }} end) as given_name_read,
        coalesce(middle_name, case when given_name is null and family_name is null then {{ name_part('full_name', 'middle') }} end) as middle_name_read,
        coalesce(family_name, case when given_name is null then {{ name_part('full_name', 'family') }} end) as family_name_read,
        coalesce(
            name_suffix,
            case when family_name like '% %' then {{ name_part('family_name', 'suffix') }} end,
            case when family_name is null and given_name is null then {{ name_part('full_name', 'suffix') }} end
        ) as name_suffix_read,
        case
            when family_name like '% %' then {{ name_part('family_name', 'unsuffixed') }}
            else coalesce(family_name, case when given_name is null then {{ name_part('full_name', 'family') }} end)
        end as family_name_unsuffixed,
        {{ text_key('fresh.country') }} as country_key
    from fresh
),

keyed as (
    select
        named.*,
        {{ name_key('named.given_name_read') }} as given_name_key,
        {{ name_key('named.middle_name_read') }} as middle_name_key,
        {{ name_key('named.family_name_unsuffixed') }} as family_name_key,
        suffixes.name_suffix_key,
        genders.gender_key,
        {{ birth_digits('named.birth_date', region) }} as birth_digits,
        {{ email_key('named.email_lower', 'providers') }} as email_key,
        {{ phone_key('named.phone', region) }} as phone_key,
        {{ phone_key('named.mobile_phone', region) }} as mobile_phone_key,
        upper({{ text_key('named.national_id') }}) as national_id_key,
        coalesce({{ text_key('named.house_number') }}, {{ house_key('named.street_address') }}) as house_number_key,
        {{ street_key('named.street_address') }} as street_key,
        {{ text_key('named.address_line_2') }} as address_line_2_key,
        {{ text_key('named.city') }} as city_key,
        {{ text_key('named.postcode') }} as postcode_key,
        {{ text_key('named.region') }} as region_key,
        countries.country as country_code
    from named
    left join {{ ref('countries') }} as countries
        on named.country_key = countries.country_key
    left join {{ ref('genders') }} as genders
        on {{ text_key('named.gender') }} = genders.word
    left join {{ ref('name_suffixes') }} as suffixes
        on {{ text_key('named.name_suffix_read') }} = suffixes.word
    left join {{ ref('mail_providers') }} as providers
        on split_part(named.email_lower, '@', 2) = providers.domain
),

cleaned as (
    select
        keyed.version_key,
        keyed.record_key,
        keyed.record_type,
        keyed.source_system,
        keyed.source_record_id,
        keyed.account_system,
        keyed.source_customer_id,
        keyed.user_id,
        keyed.title,
        keyed.given_name_read as given_name,
        keyed.middle_name_read as middle_name,
        keyed.family_name_read as family_name,
        keyed.name_suffix,
        coalesce(
            keyed.full_name,
            nullif(concat_ws(' ', keyed.title, keyed.given_name, keyed.middle_name, keyed.family_name, keyed.name_suffix), '')
        ) as full_name,
        {{ unless_placeholder('keyed.given_name_key', 'no_given_name') }} as given_name_key,
        {{ unless_placeholder('keyed.middle_name_key', 'no_middle_name') }} as middle_name_key,
        {{ unless_placeholder('keyed.family_name_key', 'no_family_name') }} as family_name_key,
        keyed.name_suffix_key,
        {{ unless_placeholder('keyed.birth_digits', 'no_birth_date') }} as birth_digits,
        keyed.gender,
        keyed.gender_key,
        keyed.email,
        case when no_email.value is null and no_mailbox.value is null then keyed.email_key end as email_key,
        {{ unless_placeholder('keyed.phone_key', 'no_phone') }} as phone,
        {{ unless_placeholder('keyed.mobile_phone_key', 'no_mobile_phone') }} as mobile_phone,
        {{ unless_placeholder('keyed.national_id_key', 'no_national_id') }} as national_id_key,
        {{ unless_placeholder('keyed.house_number_key', 'no_house_number') }} as house_number_key,
        {{ unless_placeholder('keyed.street_key', 'no_street') }} as street_key,
        {{ unless_placeholder('keyed.address_line_2_key', 'no_address_line_2') }} as address_line_2_key,
        {{ unless_placeholder('keyed.city_key', 'no_city') }} as city_key,
        {{ unless_placeholder('keyed.postcode_key', 'no_postcode') }} as postcode_key,
        {{ unless_placeholder('keyed.region_key', 'no_region') }} as region_key,
        keyed.country_code as country,
        keyed.house_number,
        keyed.street_address,
        keyed.address_line_2,
        keyed.city,
        keyed.postcode,
        keyed.region,
        keyed.language,
        keyed.company_name,
        keyed.job_title,
        keyed.is_email_verified,
        keyed.is_phone_verified,
        keyed.is_deleted,
        keyed.is_test,
        keyed.is_internal,
        keyed.created_at,
        keyed.updated_at,
        keyed.source_file,
        keyed.source_line,
        keyed.load_id
    from keyed
    {{ join_placeholders('no_given_name', 'name', 'keyed.given_name_key') }}
    {{ join_placeholders('no_middle_name', 'name', 'keyed.middle_name_key') }}
    {{ join_placeholders('no_family_name', 'name', 'keyed.family_name_key') }}
    {{ join_placeholders('no_birth_date', 'birth_date', 'keyed.birth_digits') }}
    {{ join_placeholders('no_email', 'email', 'keyed.email_key') }}
    {{ join_placeholders('no_mailbox', 'empty_mailbox', "split_part(keyed.email_key, '@', 1)") }}
    {{ join_placeholders('no_phone', 'phone', 'keyed.phone_key') }}
    {{ join_placeholders('no_mobile_phone', 'phone', 'keyed.mobile_phone_key') }}
    {{ join_placeholders('no_national_id', 'identifier', 'lower(keyed.national_id_key)') }}
    {{ join_placeholders('no_house_number', 'address', 'keyed.house_number_key') }}
    {{ join_placeholders('no_street', 'address', 'keyed.street_key') }}
    {{ join_placeholders('no_address_line_2', 'address', 'keyed.address_line_2_key') }}
    {{ join_placeholders('no_city', 'address', 'keyed.city_key') }}
    {{ join_placeholders('no_postcode', 'address', 'keyed.postcode_key') }}
    {{ join_placeholders('no_region', 'address', 'keyed.region_key') }}
),

dated as (
    select
        *,
        {{ dbt.safe_cast("substr(birth_digits, 1, 4) || '-' || substr(birth_digits, 5, 2) || '-' || substr(birth_digits, 7, 2)", 'date') }} as birth_date_read
    from cleaned
)

select
    version_key,
    record_key,
    record_type,
    source_system,
    source_record_id,
    account_system,
    source_customer_id,
    user_id,
    title,
    given_name,
    middle_name,
    family_name,
    name_suffix,
    full_name,
    given_name_key,
    middle_name_key,
    family_name_key,
    name_suffix_key,
    birth_digits,
    gender,
    gender_key,
    email,
    email_key,
    phone,
    mobile_phone,
    national_id_key,
    house_number_key,
    street_key,
    address_line_2_key,
    city_key,
    postcode_key,
    region_key,
    country,
    house_number,
    street_address,
    address_line_2,
    city,
    postcode,
    region,
    language,
    company_name,
    job_title,
    is_email_verified,
    is_phone_verified,
    is_deleted,
    is_test,
    is_internal,
    created_at,
    updated_at,
    source_file,
    source_line,
    load_id,
    case when birth_date_read between date '1850-01-01' and date '2100-01-01' then birth_date_read end as birth_date,
    md5(
        {% for column in [
            'given_name_key', 'middle_name_key', 'family_name_key', 'name_suffix', 'name_suffix_key', 'birth_digits', 'gender', 'gender_key', 'email_key',
            'phone', 'mobile_phone', 'national_id_key', 'house_number_key', 'street_key', 'address_line_2_key',
            'city_key', 'postcode_key', 'region_key', 'country',
        ] %}
        coalesce({{ column }}, '') || '|'{{ ' ||' if not loop.last }}
        {% endfor %}
    ) as content_hash
from dated
