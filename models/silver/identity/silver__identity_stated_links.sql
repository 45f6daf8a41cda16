-- Grain: one row per pair of source records (record_key_a < record_key_b) and rule that speaks of it: rules, the model, people's decisions.
-- What the model said of a record that has gone since is still here: whoever joins it with records leaves it out anyway, and looking is dear.
{{ config(materialized='view') }}

with deterministic as (
    select
        record_key_a,
        record_key_b,
        'deterministic' as link_type,
        rule,
        match_probability,
        match_weight,
        evidence
    from {{ ref('silver__deterministic_links') }}
),

probabilistic as (
    select
        links.record_key_a,
        links.record_key_b,
        'probabilistic' as link_type,
        links.model_id as rule,
        links.match_probability,
        links.match_weight,
        links.evidence
    from {{ source('identity', 'probabilistic_links') }} as links
    where links.record_key_a < links.record_key_b
),

-- Of two decisions about one pair the later counts.
manual as (
    select
        decisions.record_key_a,
        decisions.record_key_b,
        'manual' as link_type,
        decisions.decision as rule,
        case when decisions.decision = 'merge' then cast(1 as double) else cast(0 as double) end as match_probability,
        cast(null as double) as match_weight,
        {{ json_object(['decided_by', 'decided_at', 'reason']) }} as evidence
    from {{ ref('silver__identity_decided_pairs') }} as decisions
),

links as (
    select * from deterministic
    union all
    select * from probabilistic
    union all
    select * from manual
)

select
    record_key_a,
    record_key_b,
    link_type,
    rule,
    match_probability,
    match_weight,
    case
        when match_probability >= {{ var('identity_automatic_probability') }} then 'automatic'
        when match_probability >= {{ var('identity_review_probability') }} then 'review'
        else 'rejected'
    end as zone,
    evidence
from links
