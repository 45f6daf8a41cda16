-- Grain: one row per pair of source records (record_key_a < record_key_b) that share an identifier, or name and birth date or address,
-- with how far they agree. What a pair is worth, silver__deterministic_links decides.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_identity_candidates() }}",
    post_hook="{{ end_identity_candidates() }}"
) }}
{%- set build = plan_identity_candidates() %}
{#- Pairs of which one record is compared again, or all pairs. -#}
{%- set smaller = 'least(one.record_key, other.record_key)' if build.part else 'one.record_key' %}
{%- set larger = 'greatest(one.record_key, other.record_key)' if build.part else 'other.record_key' %}
{%- set in_order = 'one.record_key != other.record_key' if build.part else 'one.record_key < other.record_key' %}

with compared_again as (
    select records.*
    from {{ ref('silver__source_records') }} as records
    {% if build.part %}
    inner join identity.replaced_candidates as replaced
        on records.record_key = replaced.record_key
    {% endif %}
),

{% if build.part %}
values_again as (
    select distinct
        identifiers.identifier_type,
        identifiers.identifier_value
    from {{ ref('silver__record_identifiers') }} as identifiers
    inner join identity.replaced_candidates as replaced
        on identifiers.record_key = replaced.record_key
),
{% endif %}

linking as (
    select
        identifiers.record_key,
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifier_values.is_personal
    from {{ ref('silver__record_identifiers') }} as identifiers
    inner join {{ ref('silver__identifier_values') }} as identifier_values
        on
            identifiers.identifier_type = identifier_values.identifier_type
            and identifiers.identifier_value = identifier_values.identifier_value
    {% if build.part %}
    inner join values_again
        on
            identifiers.identifier_type = values_again.identifier_type
            and identifiers.identifier_value = values_again.identifier_value
    {% endif %}
    where identifier_values.is_linking and identifier_values.records > 1
),

-- Two values of one type that agree count once: a mailbox under two addresses is no second witness.
shared as (
    select
        {{ smaller }} as record_key_a,
        {{ larger }} as record_key_b,
        one.identifier_type,
        bool_or(one.is_personal) as is_personal
    from linking as one
    {% if build.part %}
    inner join identity.replaced_candidates as replaced
        on one.record_key = replaced.record_key
    {% endif %}
    inner join linking as other
        on
            one.identifier_type = other.identifier_type
            and one.identifier_value = other.identifier_value
            and {{ in_order }}
    group by {{ smaller }}, {{ larger }}, one.identifier_type
),

counted as (
    select
        record_key_a,
        record_key_b,
        cast(count(*) as bigint) as identifiers,
        cast(sum(case when is_personal then 1 else 0 end) as bigint) as personal_identifiers,
        min(identifier_type) as first_type,
        max(identifier_type) as last_type
    from shared
    group by record_key_a, record_key_b
),

-- Most pairs share one type or two; texts are put together, which is dear, for the others alone.
many_types as (
    select
        shared.record_key_a,
        shared.record_key_b,
        {{ joined_text('shared.identifier_type', ' ', 'shared.identifier_type') }} as identifier_types
    from shared
    inner join counted
        on shared.record_key_a = counted.record_key_a and shared.record_key_b = counted.record_key_b
    where counted.identifiers > 2
    group by shared.record_key_a, shared.record_key_b
),

by_identifiers as (
    select
        counted.record_key_a,
        counted.record_key_b,
        counted.identifiers,
        counted.personal_identifiers,
        case
            when counted.identifiers = 1 then counted.first_type
            when counted.identifiers = 2 then counted.first_type || ' ' || counted.last_type
            else many_types.identifier_types
        end as identifier_types
    from counted
    left join many_types
        on counted.record_key_a = many_types.record_key_a and counted.record_key_b = many_types.record_key_b
),

-- Records that share one of these come together as well; keys that gather too many records say too little.
keyed as (
    {{ block_keys(ref('silver__source_records')) }}
),

keyed_again as (
    {{ block_keys('compared_again') }}
),

blocked as (
    select keyed_again.*
    from keyed_again
    left join {{ ref('silver__crowded_blocks') }} as crowded
        on keyed_again.block_key = crowded.block_key
    where crowded.block_key is null
),

pairs as (
    select
        {{ smaller }} as record_key_a,
        {{ larger }} as record_key_b
    from blocked as one
    inner join keyed as other
        on one.block_key = other.block_key and {{ in_order }}
    union
    select
        record_key_a,
        record_key_b
    from by_identifiers
),

nicknames as (
    select
        nickname as one_name,
        given_name as other_name
    from {{ ref('nicknames') }}
    union
    select
        given_name as one_name,
        nickname as other_name
    from {{ ref('nicknames') }}
)

select
    pairs.record_key_a,
    pairs.record_key_b,
    coalesce(by_identifiers.identifiers, 0) as identifiers,
    coalesce(by_identifiers.personal_identifiers, 0) as personal_identifiers,
    by_identifiers.identifier_types,
    {{ grades('one', 'other', 'nicknames.one_name is not null') }},
    cast({{ build.number }} as bigint) as build_number
from pairs
inner join {{ ref('silver__source_records') }} as one
    on pairs.record_key_a = one.record_key
inner join {{ ref('silver__source_records') }} as other
    on pairs.record_key_b = other.record_key
left join by_identifiers
    on pairs.record_key_a = by_identifiers.record_key_a and pairs.record_key_b = by_identifiers.record_key_b
left join nicknames
    on one.given_name_key = nicknames.one_name and other.given_name_key = nicknames.other_name
