-- Wrong if a source record is in no cluster or in one that is not in its component, or a golden id stands for two clusters.
select
    records.record_key,
    clusters.cluster_key,
    map.golden_customer_id
from {{ ref('silver__source_records') }} as records
left join {{ ref('silver__identity_components') }} as components
    on records.record_key = components.record_key
left join {{ ref('silver__identity_clusters') }} as clusters
    on records.record_key = clusters.record_key and components.component_key = clusters.component_key
left join {{ ref('silver__identity_map') }} as map
    on records.record_key = map.record_key
where
    clusters.record_key is null
    or map.record_key is null
    or map.golden_customer_id != {{ golden_customer_id('clusters.anchor_record_key') }}
union all
select
    min(map.record_key) as record_key,
    min(clusters.cluster_key) as cluster_key,
    map.golden_customer_id
from {{ ref('silver__identity_map') }} as map
inner join {{ ref('silver__identity_clusters') }} as clusters
    on map.record_key = clusters.record_key
group by map.golden_customer_id
having count(distinct clusters.cluster_key) > 1
