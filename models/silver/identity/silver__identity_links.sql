-- Grain: one row per pair of source records (record_key_a < record_key_b) and rule that speaks of it: rules, the model, people's decisions.
with ruled as (
    select
        candidates.*,
        rules.rule,
        cast(rules.probability as double) as match_probability,
        row_number() over (
            partition by candidates.record_key_a, candidates.record_key_b
            order by rules.probability desc, rules.rule
        ) as rule_rank
    from {{ ref('silver__identity_candidates') }} as candidates
    inner join {{ ref('identity_rules') }} as rules
        on
            candidates.identifiers >= coalesce(rules.identifiers, 0)
            and candidates.personal_identifiers >= coalesce(rules.personal_identifiers, 0)
            and candidates.places >= coalesce(rules.places, 0)
            and candidates.given_name_grade >= {{ grade_of('rules.given_name') }}
            and candidates.family_name_grade >= {{ grade_of('rules.family_name') }}
            and candidates.birth_date_grade >= {{ grade_of('rules.birth_date') }}
    -- Whatever else agrees, two records that contradict each other are not linked by a rule.
    where candidates.given_name_grade >= 0 and candidates.birth_date_grade >= 0 and candidates.national_id_grade >= 0
),

worded as (
    select
        record_key_a,
        record_key_b,
        rule,
        match_probability,
        coalesce(identifier_types, '') as identifiers,
        {{ grade_word('given_name_grade') }} as given_name,
        {{ grade_word('family_name_grade') }} as family_name,
        {{ grade_word('birth_date_grade') }} as birth_date,
        {{ grade_word('national_id_grade') }} as national_id,
        places
    from ruled
    where rule_rank = 1
),

deterministic as (
    select
        record_key_a,
        record_key_b,
        'deterministic' as link_type,
        rule,
        match_probability,
        -- The base-2 logarithm of the odds; the divisor is the natural logarithm of 2.
        ln(match_probability / nullif(1 - match_probability, 0)) / 0.6931471805599453 as match_weight,
        {{ json_object(['identifiers', 'given_name', 'family_name', 'birth_date', 'national_id', 'places']) }} as evidence
    from worded
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
    inner join {{ ref('silver__source_records') }} as one
        on links.record_key_a = one.record_key
    inner join {{ ref('silver__source_records') }} as other
        on links.record_key_b = other.record_key
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
