-- Grain: one row per source record: the person it is of, and the strongest link that says so.
-- depends_on: {{ ref('silver__identity_changes') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='record_key',
    on_schema_change='fail',
    post_hook="{{ forget_gone_records(ref('silver__identity_clusters')) }}"
) }}

with clusters as (
    select
        record_key,
        cluster_key,
        anchor_record_key,
        build_number
    from {{ ref('silver__identity_clusters') }}
    {% if is_incremental() %}
    where build_number > (select coalesce(max(stored.build_number), 0) from {{ this }} as stored)
    {% endif %}
),

holding as (
    select
        links.record_key_a,
        links.record_key_b,
        links.link_type,
        links.match_probability,
        links.match_weight,
        links.rule
    from {{ ref('silver__identity_links') }} as links
    inner join clusters as one
        on links.record_key_a = one.record_key
    inner join clusters as other
        on links.record_key_b = other.record_key and one.cluster_key = other.cluster_key
    where links.zone = 'automatic'
),

ends as (
    select
        record_key_a as record_key,
        record_key_b as other_record_key,
        link_type,
        match_probability,
        match_weight,
        rule
    from holding
    union all
    select
        record_key_b as record_key,
        record_key_a as other_record_key,
        link_type,
        match_probability,
        match_weight,
        rule
    from holding
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_key
            order by
                case when link_type = 'manual' then 0 else 1 end, match_probability desc, match_weight desc nulls last,
                other_record_key, link_type, rule
        ) as link_rank
    from ends
),

strongest as (
    select
        ranked.record_key,
        ranked.link_type,
        ranked.match_probability,
        others.updated_at
    from ranked
    inner join {{ ref('silver__source_records') }} as others
        on ranked.other_record_key = others.record_key
    where ranked.link_rank = 1
)

select
    clusters.record_key,
    records.source_system,
    records.source_record_id,
    {{ golden_customer_id('clusters.anchor_record_key') }} as golden_customer_id,
    coalesce(strongest.link_type, 'single') as match_type,
    strongest.match_probability,
    case when strongest.record_key is not null then greatest(records.updated_at, strongest.updated_at) end as matched_at,
    records.record_type,
    records.is_deleted,
    records.is_test,
    records.is_internal,
    clusters.build_number
from clusters
inner join {{ ref('silver__source_records') }} as records
    on clusters.record_key = records.record_key
left join strongest
    on clusters.record_key = strongest.record_key
