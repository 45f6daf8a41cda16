{# What every variable may be. `incremental: true` marks those that stored incremental tables were computed with. #}
{% macro variable_rules() -%}
    {{ return({
        'as_of': {'kind': 'timestamp', 'optional': true, 'incremental': true},
        'systems': {'kind': 'list', 'allowed': ['files'] + var('connectors').keys() | list, 'incremental': true},
        'connectors': {'kind': 'mapping'},
        'session_timeout_minutes': {'kind': 'whole number', 'min': 1, 'max': 1440, 'incremental': true},
        'session_by': {'kind': 'choice', 'allowed': ['inactivity', 'tracker'], 'incremental': true},
        'engaged_session_seconds': {'kind': 'number', 'min': 0, 'max': 3600},
        'late_event_days': {'kind': 'whole number', 'min': 0, 'max': 36500, 'optional': true, 'incremental': true},
        'attribution_lookback_days': {'kind': 'whole number', 'min': 1, 'max': 3650},
        'attribution_half_life_days': {'kind': 'number', 'min': 0.01, 'max': 3650},
        'visitor_max_logins': {'kind': 'whole number', 'min': 1, 'max': 1000},
        'own_domains': {'kind': 'domains'},
        'journey_max_stages': {'kind': 'whole number', 'min': 2, 'max': 30},
        'journey_path_steps': {'kind': 'whole number', 'min': 1, 'max': 30},
        'future_tolerance_hours': {'kind': 'whole number', 'min': 0, 'max': 8760, 'incremental': true},
        'mrr_anchor': {'kind': 'choice', 'allowed': ['month_end', 'month_start']},
        'health_weight_set': {'kind': 'choice', 'allowed': ['standard', 'commercial']},
        'default_country': {'kind': 'country', 'optional': true, 'incremental': true},
        'identity_automatic_probability': {'kind': 'number', 'min': 0, 'max': 1},
        'identity_review_probability': {'kind': 'number', 'min': 0, 'max': 1},
        'identity_cluster_weight': {'kind': 'number', 'min': 0, 'max': 10, 'incremental': true},
        'history_days': {'kind': 'whole number', 'min': 31, 'max': 3650},
        'household_address_max_people': {'kind': 'whole number', 'min': 2, 'max': 1000},
        'snapshot_days': {'kind': 'whole number', 'min': 1, 'max': 3650},
        'snapshot_frequency': {'kind': 'choice', 'allowed': ['daily', 'weekly', 'month_end']},
    }) }}
{%- endmacro %}
