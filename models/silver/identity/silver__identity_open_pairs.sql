-- Grain: one row per pair of source records (record_key_a < record_key_b) of two people that a link speaks for and nobody has decided about.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_identity_open_pairs() }}",
    post_hook="{{ end_identity_open_pairs() }}"
) }}
{%- set build = plan_identity_open_pairs() %}

with linked as (
    select
        links.*,
        row_number() over (
            partition by links.record_key_a, links.record_key_b
            order by links.match_probability desc, links.match_weight desc nulls last, links.link_type, links.rule
        ) as link_rank
    from {{ ref('silver__identity_stated_links') }} as links
    where
        links.zone in ('automatic', 'review')
        {% if build.part %}
        and (
            links.record_key_a in (select touched.record_key from open_pairs_touched as touched)
            or links.record_key_b in (select touched.record_key from open_pairs_touched as touched)
        )
        {% endif %}
),

open_pairs as (
    select
        linked.*,
        map_a.golden_customer_id as golden_customer_id_a,
        map_b.golden_customer_id as golden_customer_id_b
    from linked
    inner join {{ ref('silver__identity_map') }} as map_a
        on linked.record_key_a = map_a.record_key
    inner join {{ ref('silver__identity_map') }} as map_b
        on linked.record_key_b = map_b.record_key
    left join {{ ref('silver__identity_decided_pairs') }} as decisions
        on linked.record_key_a = decisions.record_key_a and linked.record_key_b = decisions.record_key_b
    where
        linked.link_rank = 1
        and map_a.golden_customer_id != map_b.golden_customer_id
        and decisions.record_key_a is null
)

select
    open_pairs.record_key_a,
    open_pairs.record_key_b,
    open_pairs.golden_customer_id_a,
    open_pairs.golden_customer_id_b,
    case when open_pairs.zone = 'automatic' then 'cut by the guard' else 'between the thresholds' end as queue_reason,
    conflicts.reason as conflict,
    open_pairs.link_type,
    open_pairs.rule,
    open_pairs.match_probability,
    open_pairs.match_weight,
    open_pairs.evidence
from open_pairs
left join {{ ref('silver__identity_conflicts') }} as conflicts
    on open_pairs.record_key_a = conflicts.record_key_a and open_pairs.record_key_b = conflicts.record_key_b
