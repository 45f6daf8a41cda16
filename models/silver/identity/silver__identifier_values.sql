-- Grain: one row per identifier_type, identifier_value, with whether it may link records and, if not, why.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_identifier_values() }}",
    post_hook="{{ remember_build(['record_identifiers'], seeds=['identifier_types', 'placeholders']) }}"
) }}
{%- set build = plan_identifier_values() %}

with counted as (
    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        cast(count(*) as bigint) as records,
        cast(
            count(distinct coalesce(records.given_name_key, '') || '|' || coalesce(records.birth_digits, '')) as bigint
        ) as people
    from {{ ref('silver__record_identifiers') }} as identifiers
    inner join {{ ref('silver__source_records') }} as records
        on identifiers.record_key = records.record_key
    {% if build.part %}
    inner join values_affected as affected
        on identifiers.identifier_type = affected.identifier_type and identifiers.identifier_value = affected.identifier_value
    {% endif %}
    group by identifiers.identifier_type, identifiers.identifier_value
),

judged as (
    select
        counted.identifier_type,
        counted.identifier_value,
        counted.records,
        counted.people,
        coalesce(types.is_personal, false) as is_personal,
        case
            when types.identifier_type is null then 'type is not listed in identifier_types'
            when not types.links then 'type does not link'
            when no_email.value is not null or no_mailbox.value is not null or no_phone.value is not null or no_identifier.value is not null
                then 'placeholder'
            when role_mailbox.value is not null then 'role mailbox'
            when counted.records > types.max_records then 'shared by too many records'
            when counted.people > types.max_people then 'shared by too many people'
        end as reason
    from counted
    left join {{ ref('identifier_types') }} as types
        on counted.identifier_type = types.identifier_type
    left join {{ ref('placeholders') }} as no_email
        on counted.identifier_type = 'email' and no_email.kind = 'email' and counted.identifier_value = no_email.value
    left join {{ ref('placeholders') }} as no_mailbox
        on
            counted.identifier_type = 'email' and no_mailbox.kind = 'empty_mailbox'
            and split_part(counted.identifier_value, '@', 1) = no_mailbox.value
    left join {{ ref('placeholders') }} as role_mailbox
        on
            counted.identifier_type = 'email' and role_mailbox.kind = 'role_mailbox'
            and split_part(counted.identifier_value, '@', 1) = role_mailbox.value
    left join {{ ref('placeholders') }} as no_phone
        on counted.identifier_type = 'phone' and no_phone.kind = 'phone' and counted.identifier_value = no_phone.value
    left join {{ ref('placeholders') }} as no_identifier
        on
            counted.identifier_type not in ('email', 'phone') and no_identifier.kind = 'identifier'
            and lower(counted.identifier_value) = no_identifier.value
)

select
    judged.identifier_type,
    judged.identifier_value,
    judged.records,
    judged.people,
    judged.is_personal,
    judged.reason is null as is_linking,
    judged.reason,
    {% if build.part %}
    case when before.is_linking = (judged.reason is null) then before.build_number else {{ build.number }} end as build_number
from judged
left join values_before as before
    on judged.identifier_type = before.identifier_type and judged.identifier_value = before.identifier_value
    {% else %}
    cast({{ build.number }} as bigint) as build_number
from judged
    {% endif %}
