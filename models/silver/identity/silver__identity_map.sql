-- Grain: one row per source record: the person it is of, and the link that says so: a person's word before a rule, a rule before the model.
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
        links.match_probability
    from {{ ref('silver__identity_stated_links') }} as links
    inner join clusters as one
        on links.record_key_a = one.record_key
    inner join clusters as other
        on links.record_key_b = other.record_key and one.cluster_key = other.cluster_key
    where links.zone = 'automatic'
),

ends as (
    select
        record_key_a as record_key,
        link_type,
        match_probability
    from holding
    union all
    select
        record_key_b as record_key,
        link_type,
        match_probability
    from holding
),

strongest as (
    select
        record_key,
        max(case when link_type = 'manual' then match_probability end) as manual,
        max(case when link_type = 'deterministic' then match_probability end) as deterministic,
        max(case when link_type = 'probabilistic' then match_probability end) as probabilistic
    from ends
    group by record_key
)

select
    clusters.record_key,
    records.source_system,
    records.source_record_id,
    {{ golden_customer_id('clusters.anchor_record_key') }} as golden_customer_id,
    case
        when strongest.record_key is null then 'single'
        when strongest.manual is not null then 'manual'
        when strongest.deterministic is not null then 'deterministic'
        else 'probabilistic'
    end as match_type,
    coalesce(strongest.manual, strongest.deterministic, strongest.probabilistic) as match_probability,
    case when strongest.record_key is not null then greatest(records.updated_at, anchors.updated_at) end as matched_at,
    records.record_type,
    records.is_deleted,
    records.is_test,
    records.is_internal,
    clusters.build_number
from clusters
inner join {{ ref('silver__source_records') }} as records
    on clusters.record_key = records.record_key
inner join {{ ref('silver__source_records') }} as anchors
    on clusters.anchor_record_key = anchors.record_key
left join strongest
    on clusters.record_key = strongest.record_key
