-- Grain: one row per source record: the person it is of, and the strongest link that says so.
-- depends_on: {{ ref('silver__identity_changes') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='record_key',
    on_schema_change='fail',
    post_hook="delete from {{ this }} where record_key not in (select record_key from {{ ref('silver__identity_clusters') }})"
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
        links.*,
        greatest(record_a.updated_at, record_b.updated_at) as known_at
    from {{ ref('silver__identity_links') }} as links
    inner join clusters as one
        on links.record_key_a = one.record_key
    inner join clusters as other
        on links.record_key_b = other.record_key and one.cluster_key = other.cluster_key
    inner join {{ ref('silver__source_records') }} as record_a
        on links.record_key_a = record_a.record_key
    inner join {{ ref('silver__source_records') }} as record_b
        on links.record_key_b = record_b.record_key
    where links.zone = 'automatic'
),

ends as (
    select
        record_key_a as record_key,
        link_type,
        match_probability,
        match_weight,
        rule,
        known_at
    from holding
    union all
    select
        record_key_b as record_key,
        link_type,
        match_probability,
        match_weight,
        rule,
        known_at
    from holding
),

strongest as (
    select
        *,
        row_number() over (
            partition by record_key
            order by
                case when link_type = 'manual' then 0 else 1 end, match_probability desc, match_weight desc nulls last,
                known_at, link_type, rule
        ) as link_rank
    from ends
)

select
    clusters.record_key,
    records.source_system,
    records.source_record_id,
    {{ golden_customer_id('clusters.anchor_record_key') }} as golden_customer_id,
    coalesce(strongest.link_type, 'single') as match_type,
    strongest.match_probability,
    strongest.known_at as matched_at,
    records.record_type,
    records.is_deleted,
    records.is_test,
    records.is_internal,
    clusters.build_number
from clusters
inner join {{ ref('silver__source_records') }} as records
    on clusters.record_key = records.record_key
left join strongest
    on clusters.record_key = strongest.record_key and strongest.link_rank = 1
