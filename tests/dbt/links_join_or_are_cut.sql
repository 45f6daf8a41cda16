-- Wrong if an automatic link leads out of its cluster although nothing in the component is in conflict, or if such a cut waits for nobody
-- in the review queue though nobody decided about it; or if a pair is not in the order of its keys.
select
    links.record_key_a,
    links.record_key_b
from {{ ref('silver__identity_links') }} as links
inner join {{ ref('silver__identity_clusters') }} as one
    on links.record_key_a = one.record_key
inner join {{ ref('silver__identity_clusters') }} as other
    on links.record_key_b = other.record_key
left join {{ ref('silver__identity_review_queue') }} as queue
    on links.record_key_a = queue.record_key_a and links.record_key_b = queue.record_key_b
left join {{ ref('silver__identity_decided_pairs') }} as decisions
    on links.record_key_a = decisions.record_key_a and links.record_key_b = decisions.record_key_b
where
    links.record_key_a >= links.record_key_b
    or (
        links.zone = 'automatic'
        and one.cluster_key != other.cluster_key
        and (not one.is_contested or (queue.record_key_a is null and decisions.record_key_a is null))
    )
