-- Grain: one row: how records became people, at as_of.
-- A record counts as resolved without review if a rule or the model joins it to another; one that only a decision joins was somebody's work.
with ends as (
    select
        record_key_a as record_key,
        link_type,
        zone
    from {{ ref('silver__identity_links') }}
    where zone != 'rejected'
    union all
    select
        record_key_b as record_key,
        link_type,
        zone
    from {{ ref('silver__identity_links') }}
    where zone != 'rejected'
),

linked as (
    select
        record_key,
        max(case when zone = 'automatic' and link_type != 'manual' then 1 else 0 end) as is_automatic
    from ends
    group by record_key
),

records as (
    select
        cast(count(*) as bigint) as records,
        cast(count(distinct members.golden_customer_id) as bigint) as people,
        {% for match_type in ['deterministic', 'probabilistic', 'manual', 'single'] %}
        cast(count(case when members.match_type = '{{ match_type }}' then 1 end) as bigint) as records_{{ match_type }},
        {% endfor %}
        cast(count(linked.is_automatic) as bigint) as records_linked,
        cast(coalesce(sum(linked.is_automatic), 0) as bigint) as records_linked_automatically
    from {{ ref('silver__identity_map') }} as members
    left join linked
        on members.record_key = linked.record_key
),

links as (
    select
        {% for link_type, zone in [
            ('deterministic', 'automatic'), ('deterministic', 'review'), ('deterministic', 'rejected'),
            ('probabilistic', 'automatic'), ('probabilistic', 'review'), ('probabilistic', 'rejected'),
        ] %}
        cast(count(case when link_type = '{{ link_type }}' and zone = '{{ zone }}' then 1 end) as bigint) as links_{{ link_type }}_{{ zone }},
        {% endfor %}
        cast(count(case when link_type = 'manual' and rule = 'merge' then 1 end) as bigint) as decisions_merge,
        cast(count(case when link_type = 'manual' and rule = 'keep_apart' then 1 end) as bigint) as decisions_keep_apart
    from {{ ref('silver__identity_links') }}
),

queue as (
    select
        cast(count(*) as bigint) as pairs_in_review,
        cast(count(case when queue_reason = 'cut by the guard' then 1 end) as bigint) as pairs_cut_by_guard
    from {{ ref('silver__identity_review_queue') }}
),

conflicts as (
    select cast(count(*) as bigint) as pairs_in_conflict
    from {{ ref('silver__identity_conflicts') }}
),

identifiers as (
    select
        cast(count(*) as bigint) as identifiers,
        {% for name, reason in [
            ('by_type', 'type does not link'), ('unlisted', 'type is not listed in identifier_types'), ('placeholder', 'placeholder'),
            ('role_mailbox', 'role mailbox'), ('many_records', 'shared by too many records'), ('many_people', 'shared by too many people'),
        ] %}
        cast(count(case when reason = '{{ reason }}' then 1 end) as bigint) as identifiers_not_linking_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('silver__identifier_values') }}
),

model as (
    select
        max(model_id) as model_id,
        max(learnt_from_records) as model_learnt_from_records
    from {{ ref('silver__matching_model') }}
)

select
    build.as_of,
    records.records,
    records.people,
    records.records_deterministic,
    records.records_probabilistic,
    records.records_manual,
    records.records_single,
    records.records_linked,
    records.records_linked_automatically,
    cast(records.records_linked_automatically as double) / nullif(records.records_linked, 0) as automatic_share,
    links.links_deterministic_automatic,
    links.links_deterministic_review,
    links.links_deterministic_rejected,
    links.links_probabilistic_automatic,
    links.links_probabilistic_review,
    links.links_probabilistic_rejected,
    links.decisions_merge,
    links.decisions_keep_apart,
    queue.pairs_in_review,
    queue.pairs_cut_by_guard,
    conflicts.pairs_in_conflict,
    identifiers.identifiers,
    identifiers.identifiers_not_linking_by_type,
    identifiers.identifiers_not_linking_unlisted,
    identifiers.identifiers_not_linking_placeholder,
    identifiers.identifiers_not_linking_role_mailbox,
    identifiers.identifiers_not_linking_many_records,
    identifiers.identifiers_not_linking_many_people,
    model.model_id,
    model.model_learnt_from_records
from {{ ref('silver__as_of') }} as build
cross join records
cross join links
cross join queue
cross join conflicts
cross join identifiers
cross join model
