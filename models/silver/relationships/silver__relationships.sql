-- Grain: one row per recorded relationship and direction up to as_of: `golden_customer_id` is the `relationship_type` of the other.
-- A side that names an unknown record stays empty.
with recorded as (
    select
        relationships.source_system,
        relationships.relationship_id,
        from_map.golden_customer_id as from_golden_customer_id,
        to_map.golden_customer_id as to_golden_customer_id,
        {{ record_key('relationships.origin_system', 'relationships.from_record_id') }} as from_record_key,
        {{ record_key('relationships.origin_system', 'relationships.to_record_id') }} as to_record_key,
        lower(relationships.relationship_type) as relationship_type,
        -- A word that the seed does not hold has no known inverse.
        coalesce(types.inverse_type, 'inverse of ' || lower(relationships.relationship_type)) as inverse_type,
        coalesce(types.makes_household, false) as makes_household,
        coalesce(types.bond, 'other') as bond,
        relationships.started_at,
        case when relationships.ended_at <= build.as_of then relationships.ended_at end as ended_at,
        relationships.source_file,
        relationships.source_line
    from {{ ref('bronze__customer_relationships') }} as relationships
    left join {{ ref('silver__identity_map') }} as from_map
        on relationships.origin_system = from_map.source_system and relationships.from_record_id = from_map.source_record_id
    left join {{ ref('silver__identity_map') }} as to_map
        on relationships.origin_system = to_map.source_system and relationships.to_record_id = to_map.source_record_id
    left join {{ ref('relationship_types') }} as types
        on lower(relationships.relationship_type) = types.relationship_type
    cross join {{ ref('silver__as_of') }} as build
    where relationships.started_at is null or relationships.started_at <= build.as_of
),

both_ways as (
    select
        source_system,
        relationship_id,
        'as recorded' as direction,
        from_golden_customer_id as golden_customer_id,
        to_golden_customer_id as related_golden_customer_id,
        from_record_key as record_key,
        to_record_key as related_record_key,
        relationship_type,
        inverse_type,
        makes_household,
        bond,
        started_at,
        ended_at,
        source_file,
        source_line
    from recorded
    union all
    select
        source_system,
        relationship_id,
        'inverse',
        to_golden_customer_id,
        from_golden_customer_id,
        to_record_key,
        from_record_key,
        inverse_type,
        relationship_type,
        makes_household,
        bond,
        started_at,
        ended_at,
        source_file,
        source_line
    from recorded
)

select
    source_system,
    relationship_id,
    direction,
    golden_customer_id,
    related_golden_customer_id,
    record_key,
    related_record_key,
    relationship_type,
    inverse_type,
    makes_household,
    bond,
    started_at,
    ended_at,
    ended_at is null as is_current,
    coalesce(golden_customer_id = related_golden_customer_id, false) as is_with_oneself,
    source_file,
    source_line
from both_ways
