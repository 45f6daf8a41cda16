-- Wrong if a source record is in no cluster or in one that is not in its component, or a golden id stands for two clusters.
select
    records.record_key,
    clusters.cluster_key,
    mapped.golden_customer_id
from {{ ref('silver__source_records') }} as records
left join {{ ref('silver__identity_components') }} as components
    on records.record_key = components.record_key
left join {{ ref('silver__identity_clusters') }} as clusters
    on records.record_key = clusters.record_key and components.component_key = clusters.component_key
left join {{ ref('silver__identity_map') }} as mapped
    on records.record_key = mapped.record_key
where
    clusters.record_key is null
    or mapped.record_key is null
    or mapped.golden_customer_id != {{ golden_customer_id('clusters.anchor_record_key') }}
union all
select
    min(mapped.record_key) as record_key,
    min(clusters.cluster_key) as cluster_key,
    mapped.golden_customer_id
from {{ ref('silver__identity_map') }} as mapped
inner join {{ ref('silver__identity_clusters') }} as clusters
    on mapped.record_key = clusters.record_key
group by mapped.golden_customer_id
having count(distinct clusters.cluster_key) > 1
