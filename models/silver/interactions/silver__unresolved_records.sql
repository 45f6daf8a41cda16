-- Grain: one row per bronze row about a person that names a source record nobody has delivered (by as_of). It is no part of any person;
-- once the record comes, it joins them with the next build.
{% set contracts = [
    (
        'customer_identifiers', 'source_record_id',
        "bronze.source_record_id || '|' || bronze.identifier_type || '|' || bronze.identifier_value", 'bronze.updated_at'
    ),
    ('customer_relationships', 'from_record_id', 'bronze.relationship_id', 'bronze.started_at'),
    ('customer_relationships', 'to_record_id', 'bronze.relationship_id', 'bronze.started_at'),
    ('customer_preferences_consent', 'source_record_id', "bronze.source_record_id || '|' || bronze.channel || '|' || bronze.purpose", 'bronze.changed_at'),
    ('customer_interactions', 'source_record_id', 'bronze.interaction_id', 'bronze.occurred_at'),
    ('lifecycle_events', 'source_record_id', 'bronze.lifecycle_event_id', 'bronze.occurred_at'),
    ('segment_assignments', 'source_record_id', "bronze.source_record_id || '|' || bronze.segment_scheme", 'bronze.assigned_at'),
    ('value_metrics', 'source_record_id', 'bronze.source_record_id', 'bronze.period_start'),
    ('product_ownership', 'source_record_id', 'bronze.ownership_id', 'bronze.opened_at'),
    ('complaints_feedback', 'source_record_id', 'bronze.feedback_id', 'bronze.opened_at'),
    ('touchpoints', 'source_record_id', 'bronze.touchpoint_id', 'bronze.occurred_at'),
    ('nba_recommendations', 'source_record_id', 'bronze.recommendation_id', 'bronze.recommended_at'),
    ('realtime_decisions', 'source_record_id', 'bronze.decision_id', 'bronze.decided_at'),
] -%}
with named as (
    {% for contract, column, row_key, happened_at in contracts %}
    select
        '{{ contract }}' as contract,
        '{{ column }}' as named_by,
        bronze.source_system,
        {{ row_key }} as row_key,
        bronze.origin_system,
        bronze.{{ column }}{% if column != 'source_record_id' %} as source_record_id{% endif %},
        {{ happened_at }} as happened_at,
        bronze.source_file,
        bronze.source_line
    from {{ ref('bronze__' ~ contract) }} as bronze
    where bronze.{{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select named.*
from named
left join {{ ref('silver__identity_map') }} as identity_map
    on named.origin_system = identity_map.source_system and named.source_record_id = identity_map.source_record_id
cross join {{ ref('silver__as_of') }} as build
where
    identity_map.golden_customer_id is null
    and (named.happened_at is null or named.happened_at <= build.as_of)
