-- Grain: one row per pair of people and reason to take them for one household at as_of (person_a < person_b).
with neighbours as (
    select
        homes.golden_customer_id,
        homes.record_key,
        homes.address_key || '|' || homes.family_name_key as home,
        row_number() over (
            partition by homes.address_key, homes.family_name_key order by homes.golden_customer_id nulls last
        ) as place
    from {{ ref('silver__homes') }} as homes
    inner join {{ ref('silver__shared_addresses') }} as shared
        on homes.address_key = shared.address_key and shared.is_linking
    where homes.family_name_key is not null
),

holders as (
    select
        golden_customer_id,
        source_system,
        ownership_id,
        joint_ownership_id,
        is_primary_holder
    from {{ ref('silver__product_holdings') }}
    where joint_ownership_id is not null and is_open and golden_customer_id is not null
),

found as (
    select
        golden_customer_id as one,
        related_golden_customer_id as other,
        'relationship' as evidence_kind,
        bond,
        'relationship ' || source_system || '|' || relationship_id || ' (' || relationship_type || ')' as evidence
    from {{ ref('silver__relationships') }}
    where
        makes_household
        and is_current
        and direction = 'as recorded'
        and golden_customer_id is not null
        and related_golden_customer_id is not null
    union all
    select
        firsts.golden_customer_id as one,
        others.golden_customer_id as other,
        'joint_product',
        'joint_product',
        'product holdings ' || firsts.source_system || '|' || firsts.ownership_id || ' and ' || others.ownership_id
    from holders as firsts
    inner join holders as others
        on
            firsts.source_system = others.source_system
            and firsts.joint_ownership_id = others.joint_ownership_id
            and firsts.is_primary_holder
            and not others.is_primary_holder
    union all
    -- All of one name at one address are tied to the first of them: as many links as people, not as pairs.
    select
        firsts.golden_customer_id as one,
        others.golden_customer_id as other,
        'address',
        'same_name_and_address',
        'records ' || firsts.record_key || ' and ' || others.record_key
    from neighbours as firsts
    inner join neighbours as others
        on firsts.home = others.home and firsts.place = 1 and others.place > 1
)

select
    least(one, other) as person_a,
    greatest(one, other) as person_b,
    evidence_kind,
    bond,
    min(evidence) as evidence,
    cast(count(*) as bigint) as occurrences
from found
where one != other
group by least(one, other), greatest(one, other), evidence_kind, bond
