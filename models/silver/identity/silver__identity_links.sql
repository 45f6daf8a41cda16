-- Grain: one row per pair of source records (record_key_a < record_key_b) and rule that speaks of it: rules, the model, people's decisions.
{{ config(materialized='view') }}

select
    links.record_key_a,
    links.record_key_b,
    links.link_type,
    links.rule,
    links.match_probability,
    links.match_weight,
    links.zone,
    links.evidence
from {{ ref('silver__identity_stated_links') }} as links
inner join {{ ref('silver__source_records') }} as one
    on links.record_key_a = one.record_key
inner join {{ ref('silver__source_records') }} as other
    on links.record_key_b = other.record_key
