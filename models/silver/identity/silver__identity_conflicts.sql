-- Grain: one row per pair of source records (record_key_a < record_key_b) of one component that must not be one person, with all reasons.
-- Components too large to compare everybody with everybody (more than 500 records) are held apart by decisions and systems alone.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['record_key_a', 'record_key_b'],
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where record_key_a in "
        ~ "(select record_key from {{ ref('silver__identity_components') }} where build_number > {{ stored_build_number() }}){% endif %}"
) }}

with members as (
    select
        components.record_key,
        components.component_key,
        components.build_number,
        count(*) over (partition by components.component_key) as records
    from {{ ref('silver__identity_components') }} as components
    {% if is_incremental() %}
    where components.build_number > (select coalesce(max(stored.build_number), 0) from {{ this }} as stored)
    {% endif %}
),

records as (
    select
        members.component_key,
        members.build_number,
        members.records,
        source_records.record_key,
        source_records.record_type,
        source_records.source_system,
        source_records.given_name_key,
        source_records.middle_name_key,
        source_records.family_name_key,
        source_records.name_suffix_key,
        source_records.birth_digits,
        source_records.national_id_key,
        source_records.street_key,
        source_records.house_number_key,
        source_records.city_key,
        source_records.postcode_key,
        not coalesce(systems.holds_duplicates, true) as is_one_each
    from members
    inner join {{ ref('silver__source_records') }} as source_records
        on members.record_key = source_records.record_key
    left join {{ ref('source_systems') }} as systems
        on source_records.source_system = systems.source_system
    where members.records > 1
),

nicknames as (
    select
        nickname as one_name,
        given_name as other_name
    from {{ ref('nicknames') }}
    union
    select
        given_name as one_name,
        nickname as other_name
    from {{ ref('nicknames') }}
),

compared as (
    select
        one.record_key as record_key_a,
        other.record_key as record_key_b,
        one.component_key,
        one.build_number,
        one.is_one_each and one.source_system = other.source_system and one.record_type = other.record_type as is_same_system,
        {{ grades('one', 'other', 'nicknames.one_name is not null') }}
    from records as one
    inner join records as other
        on one.component_key = other.component_key and one.record_key < other.record_key
    left join nicknames
        on one.given_name_key = nicknames.one_name and other.given_name_key = nicknames.other_name
    where one.records <= 500
    union all
    select
        one.record_key as record_key_a,
        other.record_key as record_key_b,
        one.component_key,
        one.build_number,
        true as is_same_system,
        1 as given_name_grade,
        1 as family_name_grade,
        1 as birth_date_grade,
        1 as national_id_grade,
        1 as name_suffix_grade,
        0 as places
    from records as one
    inner join records as other
        on
            one.component_key = other.component_key and one.record_key < other.record_key
            and one.source_system = other.source_system and one.record_type = other.record_type
    where one.records > 500 and one.is_one_each
),

stated as (
    select
        record_key_a,
        record_key_b,
        component_key,
        build_number,
        is_same_system as is_strict,
        {{ birth_dates_contradict() }} and national_id_grade < 3 as birth_dates_differ,
        concat_ws(
            '; ',
            case when is_same_system then 'two records of a system that holds no duplicates' end,
            case when {{ given_names_contradict() }} then 'given names differ' end,
            case when {{ name_suffixes_contradict() }} then 'name suffixes differ' end,
            case when {{ birth_dates_contradict() }} then 'birth dates differ' end,
            case when {{ national_ids_contradict() }} then 'national ids differ' end
        ) as reason
    from compared
),

decided as (
    select
        decisions.record_key_a,
        decisions.record_key_b,
        members.component_key,
        members.build_number,
        true as is_strict,
        false as birth_dates_differ,
        'decided: keep apart' as reason
    from {{ ref('silver__identity_decided_pairs') }} as decisions
    inner join members
        on decisions.record_key_a = members.record_key
    inner join members as others
        on decisions.record_key_b = others.record_key and members.component_key = others.component_key
    where decisions.decision = 'keep_apart'
)

-- What somebody decided about a pair stands above all evidence.
select
    stated.record_key_a,
    stated.record_key_b,
    stated.component_key,
    stated.reason,
    stated.is_strict,
    stated.birth_dates_differ,
    stated.build_number
from stated
left join {{ ref('silver__identity_decided_pairs') }} as decisions
    on stated.record_key_a = decisions.record_key_a and stated.record_key_b = decisions.record_key_b
where stated.reason != '' and decisions.record_key_a is null
union all
select
    record_key_a,
    record_key_b,
    component_key,
    reason,
    is_strict,
    birth_dates_differ,
    build_number
from decided
