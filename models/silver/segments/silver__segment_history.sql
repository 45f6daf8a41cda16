-- Grain: one row per person, scheme and stretch of time in one segment [valid_from, valid_to); SCD type 2.
-- Computed schemes change at month ends only, and what they said once stays. Recorded schemes follow their assignments: the next one ends
-- the one before, whichever record of the person it stands at; where one ends without another there is none.
{% set metrics = ['revenue_12m_usd', 'margin_12m_usd', 'signs_of_life_3m', 'signs_of_life_12m', 'open_products', 'open_product_categories'] -%}
with measures as (
    {% for metric in metrics %}
    select
        golden_customer_id,
        measured_at,
        '{{ metric }}' as metric,
        cast({{ metric }} as decimal(18, 4)) as metric_value
    from {{ ref('silver__customer_months') }}
    where {{ metric }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

by_rule as (
    select
        measures.golden_customer_id,
        rules.segment_scheme,
        rules.segment_name,
        measures.measured_at,
        measures.metric,
        measures.metric_value,
        row_number() over (
            partition by measures.golden_customer_id, rules.segment_scheme, measures.measured_at
            order by rules.priority nulls last, rules.segment_name nulls last
        ) as choice_rank
    from measures
    inner join {{ ref('segment_rules') }} as rules
        on
            measures.metric = rules.metric
            and (rules.lower_bound is null or measures.metric_value >= rules.lower_bound)
            and (rules.upper_bound is null or measures.metric_value < rules.upper_bound)
),

assignments as (
    select
        identity_map.golden_customer_id,
        'recorded ' || lower(assignments.segment_scheme) as segment_scheme,
        assignments.segment_name,
        assignments.assigned_at,
        case when assignments.ended_at <= build.as_of then assignments.ended_at end as ended_at,
        assignments.assigned_by,
        'segment assignment ' || assignments.source_system || '|' || identity_map.record_key as cause_row,
        row_number() over (
            partition by identity_map.golden_customer_id, lower(assignments.segment_scheme), assignments.assigned_at
            order by assignments.updated_at desc nulls last, identity_map.record_key nulls last, assignments.source_system,
            assignments.segment_scheme nulls last
        ) as choice_rank
    from {{ ref('bronze__segment_assignments') }} as assignments
    inner join {{ ref('silver__identity_map') }} as identity_map
        on assignments.origin_system = identity_map.source_system and assignments.source_record_id = identity_map.source_record_id
    cross join {{ ref('silver__as_of') }} as build
    -- What ended before it began never held.
    where assignments.assigned_at <= build.as_of and (assignments.ended_at is null or assignments.ended_at > assignments.assigned_at)
),

moments as (
    select
        golden_customer_id,
        segment_scheme,
        segment_name,
        measured_at as happened_at,
        'computed' as origin,
        metric,
        metric_value,
        cast(null as {{ dbt.type_string() }}) as assigned_by,
        cast(null as {{ dbt.type_string() }}) as cause_row
    from by_rule
    where choice_rank = 1
    union all
    select
        golden_customer_id,
        'rfm',
        segment_name,
        measured_at,
        'computed',
        'rfm_score',
        cast(recency_score * 100 + frequency_score * 10 + monetary_score as decimal(18, 4)),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }})
    from {{ ref('silver__rfm_scores') }}
    union all
    select
        golden_customer_id,
        segment_scheme,
        segment_name,
        assigned_at,
        'recorded',
        cast(null as {{ dbt.type_string() }}),
        cast(null as decimal(18, 4)),
        assigned_by,
        cause_row
    from assignments
    where choice_rank = 1
    union all
    -- An end is a moment with no segment, unless the next assignment came first or at once.
    select
        ends.golden_customer_id,
        ends.segment_scheme,
        cast(null as {{ dbt.type_string() }}),
        ends.ended_at,
        'recorded',
        cast(null as {{ dbt.type_string() }}),
        cast(null as decimal(18, 4)),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }})
    from (
        select
            golden_customer_id,
            segment_scheme,
            ended_at,
            lead(assigned_at) over (partition by golden_customer_id, segment_scheme order by assigned_at nulls last) as next_at
        from assignments
        where choice_rank = 1
    ) as ends
    where ends.ended_at is not null and (ends.next_at is null or ends.ended_at < ends.next_at)
),

followed as (
    select
        *,
        lag(coalesce(segment_name, '')) over (
            partition by golden_customer_id, segment_scheme order by happened_at nulls last
        ) as segment_before
    from moments
),

changes as (
    select
        *,
        lead(happened_at) over (partition by golden_customer_id, segment_scheme order by happened_at nulls last) as next_at
    from followed
    where segment_before is null or segment_before != coalesce(segment_name, '')
)

select
    golden_customer_id,
    segment_scheme,
    segment_name,
    happened_at as valid_from,
    next_at as valid_to,
    next_at is null as is_current,
    origin,
    metric,
    metric_value,
    assigned_by,
    cause_row
from changes
where segment_name is not null
