-- Grain: one row per pair of source records (record_key_a < record_key_b) and rule that speaks of it, for the persons in entity_people.
-- What a model thinks too unlikely for a review is left out: it joins nobody and nobody is asked.
with people as (
    select
        members.record_key,
        members.golden_customer_id
    from {{ ref('silver__identity_map') }} as members
    inner join {{ ref('silver__golden_customers') }} as golden
        on members.golden_customer_id = golden.golden_customer_id
    where not golden.is_deleted and not golden.is_test
)

select
    links.record_key_a,
    links.record_key_b,
    one.golden_customer_id as golden_customer_id_a,
    other.golden_customer_id as golden_customer_id_b,
    one.golden_customer_id = other.golden_customer_id as is_one_person,
    queue.queue_reason,
    links.link_type,
    links.rule,
    links.match_probability,
    links.match_weight,
    links.zone,
    links.evidence
from {{ ref('silver__identity_links') }} as links
inner join people as one
    on links.record_key_a = one.record_key
inner join people as other
    on links.record_key_b = other.record_key
left join {{ ref('silver__identity_review_queue') }} as queue
    on links.record_key_a = queue.record_key_a and links.record_key_b = queue.record_key_b
where links.zone != 'rejected' or links.link_type = 'manual'
