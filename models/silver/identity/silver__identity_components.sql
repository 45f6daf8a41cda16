-- Grain: one row per source record, with the connected component it is in by automatic links and people's merges.
-- Whatever clusters later depend on is part of a fingerprint, so that a change of it makes the component new.
{{ config(materialized='connected_components') }}

select
    'node' as kind,
    records.record_key as record_key_a,
    cast(null as {{ dbt.type_string() }}) as record_key_b,
    md5(
        records.content_hash || '|' || coalesce(cast(records.first_load_id as {{ dbt.type_string() }}), '') || '|'
        || coalesce(cast(records.created_at as {{ dbt.type_string() }}), '') || '|'
        || case when systems.holds_duplicates then 'many' when not systems.holds_duplicates then 'one' else 'many' end
    ) as fingerprint
from {{ ref('silver__source_records') }} as records
left join {{ ref('source_systems') }} as systems
    on records.source_system = systems.source_system
union all
select
    case when links.zone = 'automatic' then 'link' else 'apart' end as kind,
    links.record_key_a,
    links.record_key_b,
    max(links.link_type) || '|' || cast(max(links.match_probability) as {{ dbt.type_string() }}) || '|'
    || coalesce(cast(max(links.match_weight) as {{ dbt.type_string() }}), '') || '|' || cast(count(*) as {{ dbt.type_string() }}) as fingerprint
from {{ ref('silver__identity_links') }} as links
where links.zone = 'automatic' or links.link_type = 'manual'
group by case when links.zone = 'automatic' then 'link' else 'apart' end, links.record_key_a, links.record_key_b
