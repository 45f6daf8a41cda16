-- Grain: one row per source record, with the cluster it is in: the records of one person.
-- The materialisation puts together what this query gives: records, links and conflicts of components that changed since the last run.
{{ config(materialized='constrained_clusters', post_hook="{{ forget_gone_records(ref('silver__identity_components')) }}") }}

with fresh as (
    select
        record_key,
        component_key,
        build_number
    from {{ ref('silver__identity_components') }}
    where build_number > {{ stored_build_number() }}
),

conflicts as (
    select
        conflicts.record_key_a,
        conflicts.record_key_b
    from {{ ref('silver__identity_conflicts') }} as conflicts
    inner join fresh
        on conflicts.record_key_a = fresh.record_key
),

contested as (
    select distinct fresh.component_key
    from fresh
    inner join conflicts
        on fresh.record_key = conflicts.record_key_a
)

select
    'node' as kind,
    fresh.record_key as record_key_a,
    fresh.component_key as record_key_b,
    {{ precedence('records.first_load_id', 'records.created_at', 'records.record_key') }} as precedence,
    fresh.build_number,
    cast(null as integer) as is_manual,
    cast(null as double) as match_probability,
    cast(null as double) as match_weight,
    cast(null as bigint) as agreeing_links
from fresh
inner join {{ ref('silver__source_records') }} as records
    on fresh.record_key = records.record_key
union all
select
    'conflict' as kind,
    record_key_a,
    record_key_b,
    null as precedence,
    null as build_number,
    null as is_manual,
    null as match_probability,
    null as match_weight,
    null as agreeing_links
from conflicts
union all
select
    'link' as kind,
    links.record_key_a,
    links.record_key_b,
    null as precedence,
    null as build_number,
    max(case when links.link_type = 'manual' then 1 else 0 end) as is_manual,
    max(links.match_probability) as match_probability,
    coalesce(max(links.match_weight), 0) as match_weight,
    count(*) as agreeing_links
from {{ ref('silver__identity_links') }} as links
inner join fresh
    on links.record_key_a = fresh.record_key
inner join contested
    on fresh.component_key = contested.component_key
where links.zone = 'automatic'
group by links.record_key_a, links.record_key_b
