-- Grain: one row per pair of source records (record_key_a < record_key_b) that a rule speaks for: the most certain rule.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_deterministic_links() }}",
    post_hook="{{ remember_build(['identity_candidates'], seeds=['identity_rules']) }}"
) }}
{%- set build = plan_deterministic_links() %}
{%- set grades = [
    'identifiers', 'personal_identifiers', 'given_name_grade', 'family_name_grade', 'birth_date_grade', 'national_id_grade', 'places',
] %}

with candidates as (
    select *
    from {{ ref('silver__identity_candidates') }}
    -- Whatever else agrees, two records that contradict each other are not linked by a rule.
    where
        not {{ given_names_contradict() }} and not {{ name_suffixes_contradict() }}
        and not {{ birth_dates_contradict() }} and not {{ national_ids_contradict() }}
        {% if build.part %}
        and build_number > {{ build.seen['identity_candidates'] }}
        {% endif %}
),

-- Pairs agree in a few hundred ways only, and each is judged once.
ways as (
    select distinct
        coalesce(identifier_types, '') as identifier_types,
        {{ grades | join(',\n        ') }}
    from candidates
),

ruled as (
    select
        ways.*,
        rules.rule,
        cast(rules.probability as double) as match_probability,
        row_number() over (
            partition by ways.identifier_types, ways.{{ grades | join(', ways.') }}
            order by rules.probability desc, rules.rule
        ) as rule_rank
    from ways
    inner join {{ ref('identity_rules') }} as rules
        on
            ways.identifiers >= coalesce(rules.identifiers, 0)
            and ways.personal_identifiers >= coalesce(rules.personal_identifiers, 0)
            and ways.places >= coalesce(rules.places, 0)
            and ways.given_name_grade >= {{ grade_of('rules.given_name') }}
            and ways.family_name_grade >= {{ grade_of('rules.family_name') }}
            and ways.birth_date_grade >= {{ grade_of('rules.birth_date') }}
),

worded as (
    select
        identifier_types,
        identifier_types as identifiers,
        identifiers as identifiers_agreeing,
        personal_identifiers,
        given_name_grade,
        family_name_grade,
        birth_date_grade,
        national_id_grade,
        places,
        rule,
        match_probability,
        {{ grade_word('given_name_grade') }} as given_name,
        {{ grade_word('family_name_grade') }} as family_name,
        {{ grade_word('birth_date_grade') }} as birth_date,
        {{ grade_word('national_id_grade') }} as national_id
    from ruled
    where rule_rank = 1
),

judged as (
    select
        *,
        -- The base-2 logarithm of the odds; the divisor is the natural logarithm of 2.
        ln(match_probability / nullif(1 - match_probability, 0)) / 0.6931471805599453 as match_weight,
        {{ json_object(['identifiers', 'given_name', 'family_name', 'birth_date', 'national_id', 'places']) }} as evidence
    from worded
)

select
    candidates.record_key_a,
    candidates.record_key_b,
    judged.rule,
    judged.match_probability,
    judged.match_weight,
    judged.evidence
from candidates
inner join judged
    on
        coalesce(candidates.identifier_types, '') = judged.identifier_types
        {% for grade in grades %}
        and candidates.{{ grade }} = judged.{{ grade if grade != 'identifiers' else 'identifiers_agreeing' }}
        {% endfor %}
