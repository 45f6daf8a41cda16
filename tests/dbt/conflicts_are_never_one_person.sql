-- Wrong if two records that must not be one person are in one cluster, unless somebody decided that they are.
select
    conflicts.record_key_a,
    conflicts.record_key_b
from {{ ref('silver__identity_conflicts') }} as conflicts
inner join {{ ref('silver__identity_clusters') }} as one
    on conflicts.record_key_a = one.record_key
inner join {{ ref('silver__identity_clusters') }} as other
    on conflicts.record_key_b = other.record_key
where conflicts.is_strict and one.cluster_key = other.cluster_key
