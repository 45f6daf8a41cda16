-- Grain: one row per golden customer and field that has a value.
-- The value is that of one record, chosen by the rules of the field's group (seeds `survivorship_fields`, `survivorship_rules`). The fields
-- of a group come from one record, so that no address or name is put together from two. A record that is deleted, or a test, counts
-- only where no other has a value for the group.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_golden_fields() }}",
    post_hook="{{ end_golden_fields() }}"
) }}
{%- set build = plan_golden_fields() %}

with rules as (
    select
        field_group,
        max(case when rule_order = 1 then rule end) as rule_1,
        max(case when rule_order = 2 then rule end) as rule_2,
        max(case when rule_order = 3 then rule end) as rule_3,
        max(case when rule_order = 4 then rule end) as rule_4,
        max(case when rule_order = 5 then rule end) as rule_5,
        max(case when rule = 'most_frequent' then 1 else 0 end) as counts_values
    from {{ ref('survivorship_rules') }}
    group by field_group
),

weights as (
    select
        {% for field in [
            'given_name', 'middle_name', 'family_name', 'full_name',
            'house_number', 'street_address', 'address_line_2', 'city', 'postcode', 'region', 'country',
        ] %}
        coalesce(max(case when field = '{{ field }}' then completeness_weight end), 0) as {{ field }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('survivorship_fields') }}
),

records as (
    select
        identity_map.golden_customer_id,
        source_records.record_key,
        source_records.source_system,
        source_records.source_record_id,
        source_records.source_file,
        source_records.source_line,
        {% for column in [
            'title', 'given_name', 'given_name_key', 'middle_name', 'middle_name_key', 'family_name', 'family_name_key', 'full_name',
            'birth_date', 'gender', 'email', 'email_key', 'phone', 'mobile_phone', 'house_number', 'house_number_key', 'street_address', 'street_key',
            'address_line_2', 'address_line_2_key', 'city', 'city_key', 'postcode', 'postcode_key', 'region', 'region_key', 'country',
            'language', 'company_name', 'job_title', 'is_email_verified', 'is_phone_verified', 'created_at', 'updated_at',
        ] %}
        source_records.{{ column }},
        {% endfor %}
        case when source_records.is_deleted or source_records.is_test then 1 else 0 end as out_of_use,
        coalesce(source_systems.trust_rank, 1000000) as trust_rank,
        -- The tie-breaker after all rules.
        row_number() over (
            partition by identity_map.golden_customer_id
            order by
                coalesce(source_systems.trust_rank, 1000000) asc nulls last,
                source_records.updated_at desc nulls last,
                source_records.record_key asc nulls last
        ) as tie_place
    from {{ ref('silver__source_records') }} as source_records
    inner join {{ ref('silver__identity_map') }} as identity_map
        on source_records.record_key = identity_map.record_key
    {% if build.part %}
    inner join identity.touched_golden_customers as touched
        on identity_map.golden_customer_id = touched.golden_customer_id
    {% endif %}
    left join {{ ref('source_systems') }} as source_systems
        on source_records.source_system = source_systems.source_system
),

-- What a record says of a group as one text, in which spelling does not count.
group_values as (
    select
        records.golden_customer_id,
        records.record_key,
        records.out_of_use,
        records.tie_place,
        records.trust_rank,
        records.updated_at,
        records.created_at,
        rules.field_group,
        rules.counts_values,
        case rules.field_group
            when 'title' then nullif(lower(replace(records.title, '.', '')), '')
            when 'name' then nullif(concat_ws(' ', records.given_name_key, records.middle_name_key, records.family_name_key), '')
            when 'birth_date' then cast(records.birth_date as {{ dbt.type_string() }})
            when 'gender' then nullif(lower(records.gender), '')
            when 'email' then records.email_key
            when 'phone' then records.phone
            when 'mobile_phone' then records.mobile_phone
            when 'address' then nullif(
                concat_ws(
                    '|',
                    records.house_number_key,
                    records.street_key,
                    records.address_line_2_key,
                    records.city_key,
                    records.postcode_key,
                    records.region_key,
                    records.country
                ),
                ''
            )
            when 'language' then nullif(lower(records.language), '')
            when 'company_name' then nullif(lower(records.company_name), '')
            when 'job_title' then nullif(lower(records.job_title), '')
        end as group_value,
        case
            when rules.field_group = 'email' and records.is_email_verified then 1
            when rules.field_group in ('phone', 'mobile_phone') and records.is_phone_verified then 1
            else 0
        end as verified,
        case rules.field_group
            when 'name' then
                case when records.given_name_key is not null then weights.given_name else 0 end
                + case when records.middle_name_key is not null then weights.middle_name else 0 end
                + case when records.family_name_key is not null then weights.family_name else 0 end
                + case when records.full_name is not null then weights.full_name else 0 end
            when 'address' then
                case when records.house_number_key is not null then weights.house_number else 0 end
                + case when records.street_key is not null then weights.street_address else 0 end
                + case when records.address_line_2_key is not null then weights.address_line_2 else 0 end
                + case when records.city_key is not null then weights.city else 0 end
                + case when records.postcode_key is not null then weights.postcode else 0 end
                + case when records.region_key is not null then weights.region else 0 end
                + case when records.country is not null then weights.country else 0 end
            else 0
        end as filled_weight
    from records
    cross join rules
    cross join weights
),

frequencies as (
    select
        golden_customer_id,
        field_group,
        out_of_use,
        group_value,
        count(*) as same_value
    from group_values
    where group_value is not null and counts_values = 1
    group by golden_customer_id, field_group, out_of_use, group_value
),

-- Each rule as a number, the more the better, so that one list of rules a group is one order of its records.
scored as (
    select
        group_values.golden_customer_id,
        group_values.record_key,
        group_values.field_group,
        group_values.out_of_use,
        group_values.tie_place,
        group_values.group_value,
        {% for place in [1, 2, 3, 4, 5] %}
        coalesce(
            cast(case rules.rule_{{ place }}
                when 'most_trusted_system' then -group_values.trust_rank
                when 'most_recent' then {{ seconds_between("timestamp '1970-01-01 00:00:00'", 'group_values.updated_at') }}
                when 'earliest' then {{ seconds_between('group_values.created_at', "timestamp '1970-01-01 00:00:00'") }}
                when 'most_frequent' then frequencies.same_value
                when 'longest' then length(group_values.group_value)
                when 'verified' then group_values.verified
                when 'most_complete' then group_values.filled_weight
            end as double),
            -1e15
        ) as score_{{ place }}{{ ',' if not loop.last }}
        {% endfor %}
    from group_values
    inner join rules
        on group_values.field_group = rules.field_group
    left join frequencies
        on
            group_values.golden_customer_id = frequencies.golden_customer_id
            and group_values.field_group = frequencies.field_group
            and group_values.out_of_use = frequencies.out_of_use
            and group_values.group_value = frequencies.group_value
    where group_values.group_value is not null
),

-- Every record beside the one that wins its group, which is the first in this order.
ranked as (
    select
        golden_customer_id,
        record_key,
        field_group,
        out_of_use,
        group_value,
        {% for place in [1, 2, 3, 4, 5] %}
        score_{{ place }},
        first_value(score_{{ place }}) over best_first as best_score_{{ place }},
        {% endfor %}
        first_value(out_of_use) over best_first as best_out_of_use,
        first_value(group_value) over best_first as best_group_value,
        row_number() over best_first as record_place
    from scored
    window best_first as (
        partition by golden_customer_id, field_group
        order by
            out_of_use asc nulls last,
            score_1 desc nulls last,
            score_2 desc nulls last,
            score_3 desc nulls last,
            score_4 desc nulls last,
            score_5 desc nulls last,
            tie_place asc nulls last
    )
),

candidates as (
    select
        golden_customer_id,
        record_key,
        field_group,
        record_place,
        group_value,
        best_group_value,
        case
            {% for place in [1, 2, 3, 4, 5] %}
            when score_{{ place }} < best_score_{{ place }} then {{ place }}
            {% endfor %}
            else 6
        end as told_apart_by
    from ranked
    where out_of_use = best_out_of_use
),

-- The runner-up is the best record that says something else; if all say the same of the group, the second.
decisions as (
    select
        golden_customer_id,
        field_group,
        coalesce(
            min_by(told_apart_by, record_place) filter (where group_value != best_group_value),
            min_by(told_apart_by, record_place)
        ) as told_apart_by
    from candidates
    where record_place > 1
    group by golden_customer_id, field_group
),

-- The values of the single fields; what is a placeholder has no key and is no value.
field_values as (
    select
        candidates.golden_customer_id,
        fields.field_group,
        fields.field,
        candidates.record_key,
        candidates.record_place,
        case fields.field
            when 'title' then records.title
            when 'given_name' then case when records.given_name_key is not null then records.given_name end
            when 'middle_name' then case when records.middle_name_key is not null then records.middle_name end
            when 'family_name' then case when records.family_name_key is not null then records.family_name end
            when 'full_name' then records.full_name
            when 'birth_date' then candidates.group_value
            when 'gender' then records.gender
            when 'email' then records.email
            when 'phone' then records.phone
            when 'mobile_phone' then records.mobile_phone
            when 'house_number' then case when records.house_number_key is not null then records.house_number end
            when 'street_address' then case when records.street_key is not null then records.street_address end
            when 'address_line_2' then case when records.address_line_2_key is not null then records.address_line_2 end
            when 'city' then case when records.city_key is not null then records.city end
            when 'postcode' then case when records.postcode_key is not null then records.postcode end
            when 'region' then case when records.region_key is not null then records.region end
            when 'country' then records.country
            when 'language' then records.language
            when 'company_name' then records.company_name
            when 'job_title' then records.job_title
        end as value,
        case fields.field
            when 'given_name' then records.given_name_key
            when 'middle_name' then records.middle_name_key
            when 'family_name' then records.family_name_key
            when 'full_name' then lower(records.full_name)
            when 'house_number' then records.house_number_key
            when 'street_address' then records.street_key
            when 'address_line_2' then records.address_line_2_key
            when 'city' then records.city_key
            when 'postcode' then records.postcode_key
            when 'region' then records.region_key
            when 'country' then records.country
            else candidates.group_value
        end as compared_value
    from candidates
    inner join {{ ref('survivorship_fields') }} as fields
        on candidates.field_group = fields.field_group
    inner join records
        on candidates.record_key = records.record_key
),

-- Records that say the same count together, spelt as the best of them spells it.
said as (
    select
        golden_customer_id,
        field_group,
        field,
        compared_value,
        count(*) as records,
        min(record_place) as best_place,
        min_by(value, record_place) as value,
        min_by(record_key, record_place) as record_key
    from field_values
    where value is not null
    group by golden_customer_id, field_group, field, compared_value
),

totals as (
    select
        golden_customer_id,
        field,
        cast(sum(records) as bigint) as candidates,
        count(*) as distinct_values
    from said
    group by golden_customer_id, field
),

rejected as (
    select
        said.golden_customer_id,
        said.field,
        said.value,
        records.record_key,
        said.records,
        row_number() over (partition by said.golden_customer_id, said.field order by said.records desc, said.best_place asc nulls last) as rejected_place
    from said
    inner join records
        on said.record_key = records.record_key
    where said.best_place > 1
),

rejected_lists as (
    select
        golden_customer_id,
        field,
        '[' || {{ joined_text(json_object(['value', 'record_key', 'records']), ', ', 'rejected_place') }} || ']' as rejected_candidates
    from rejected
    where rejected_place <= 10
    group by golden_customer_id, field
)

select
    records.golden_customer_id,
    said.field,
    said.value,
    records.source_system,
    records.source_record_id,
    records.record_key,
    records.source_file,
    records.source_line,
    case
        when totals.candidates = 1 then 'only_value'
        when totals.distinct_values = 1 then 'all_agree'
        else
            case decisions.told_apart_by
                when 1 then rules.rule_1
                when 2 then rules.rule_2
                when 3 then rules.rule_3
                when 4 then rules.rule_4
                when 5 then rules.rule_5
                else 'tie_breaker'
            end
    end as rule,
    totals.candidates,
    totals.distinct_values,
    cast(said.records as double) / nullif(totals.candidates, 0) as agreement_rate,
    coalesce(rejected_lists.rejected_candidates, '[]') as rejected_candidates
from said
inner join records
    on said.record_key = records.record_key
inner join rules
    on said.field_group = rules.field_group
inner join totals
    on said.golden_customer_id = totals.golden_customer_id and said.field = totals.field
left join decisions
    on said.golden_customer_id = decisions.golden_customer_id and said.field_group = decisions.field_group
left join rejected_lists
    on said.golden_customer_id = rejected_lists.golden_customer_id and said.field = rejected_lists.field
where said.best_place = 1
