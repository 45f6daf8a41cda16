-- Grain: one row per pair of source records (record_key_a < record_key_b) that share an identifier, or name and birth date or address,
-- with how far they agree. What a pair is worth, silver__identity_links decides.
with records as (
    select *
    from {{ ref('silver__source_records') }}
),

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
    where identifier_values.is_linking and identifier_values.records > 1
),

-- Two values of one type that agree count once: a mailbox under two addresses is no second witness.
shared as (
    select
        one.record_key as record_key_a,
        other.record_key as record_key_b,
        one.identifier_type,
        bool_or(one.is_personal) as is_personal
    from linking as one
    inner join linking as other
        on
            one.identifier_type = other.identifier_type
            and one.identifier_value = other.identifier_value
            and one.record_key < other.record_key
    group by one.record_key, other.record_key, one.identifier_type
),

by_identifiers as (
    select
        record_key_a,
        record_key_b,
        cast(count(*) as bigint) as identifiers,
        cast(sum(case when is_personal then 1 else 0 end) as bigint) as personal_identifiers,
        {{ joined_text('identifier_type', ' ', 'identifier_type') }} as identifier_types
    from shared
    group by record_key_a, record_key_b
),

-- Records that share one of these come together as well; keys that gather more than 50 records say too little.
keyed as (
    {% for columns in [
        ['given_name_key', 'family_name_key', 'birth_digits'],
        ['birth_digits', 'postcode_key'],
        ['birth_digits', 'street_key'],
        ['given_name_key', 'family_name_key', 'postcode_key', 'street_key'],
    ] %}
    select
        record_key,
        '{{ columns | join(' ') }}|' || {{ columns | join(" || '|' || ") }} as block_key
    from records
    where {{ columns | join(' is not null and ') }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

small_blocks as (
    select block_key
    from keyed
    group by block_key
    having count(*) between 2 and 50
),

blocked as (
    select keyed.*
    from keyed
    inner join small_blocks
        on keyed.block_key = small_blocks.block_key
),

pairs as (
    select
        one.record_key as record_key_a,
        other.record_key as record_key_b
    from blocked as one
    inner join blocked as other
        on one.block_key = other.block_key and one.record_key < other.record_key
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
    {{ grades('one', 'other', 'nicknames.one_name is not null') }}
from pairs
inner join records as one
    on pairs.record_key_a = one.record_key
inner join records as other
    on pairs.record_key_b = other.record_key
left join by_identifiers
    on pairs.record_key_a = by_identifiers.record_key_a and pairs.record_key_b = by_identifiers.record_key_b
left join nicknames
    on one.given_name_key = nicknames.one_name and other.given_name_key = nicknames.other_name
