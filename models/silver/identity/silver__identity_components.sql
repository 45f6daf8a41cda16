-- Grain: one row per source record, with the connected component it is in by automatic links and people's merges.
-- Whatever clusters later depend on, weaker links included, is part of a fingerprint, so that a change of it makes the component new.
{{ config(
    materialized='connected_components',
    changes='plan_identity_components',
    pre_hook="{{ begin_identity_components() }}",
    post_hook="{{ end_identity_components() }}"
) }}
-- depends_on: {{ ref('silver__deterministic_links') }}
-- depends_on: {{ ref('silver__identity_decided_pairs') }}

with model as (
    select count(*) > 0 as has_spoken
    from {{ source('identity', 'probabilistic_links') }}
)

select
    'node' as kind,
    records.record_key as record_key_a,
    cast(null as {{ dbt.type_string() }}) as record_key_b,
    records.content_hash || case when not systems.holds_duplicates then ' one each' else '' end || case when model.has_spoken then ' model' else '' end
        as fingerprint,
    cast(0 as double) as strength
from {{ ref('silver__source_records') }} as records
left join {{ ref('source_systems') }} as systems
    on records.source_system = systems.source_system
cross join model
union all
select
    case when links.zone = 'automatic' then 'link' else 'apart' end as kind,
    links.record_key_a,
    links.record_key_b,
    links.link_type || ' ' || links.rule as fingerprint,
    coalesce(links.match_weight, links.match_probability) as strength
from {{ ref('silver__identity_stated_links') }} as links
