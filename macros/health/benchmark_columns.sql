{# Columns of metrics.customer_success in which the seed benchmark_metrics may compare accounts. No health and no churn risk: they are internal. #}
{% macro benchmark_columns() -%}
    {{ return([
        'composite_success_score', 'feature_adoption_rate', 'user_activation_rate', 'avg_engagement_score', 'active_days_30d', 'sessions_30d',
        'days_since_last_login', 'support_tickets_90d', 'ticket_resolution_rate', 'avg_first_response_minutes', 'avg_resolution_time_hours',
        'ticket_satisfaction_ratio', 'csat_ratio_90d', 'effort_ratio_90d', 'device_health_avg', 'meetings_held_90d', 'engagements_held_90d',
        'stakeholder_participation_rate_180d', 'goal_completion_rate_365d',
    ]) }}
{%- endmacro %}
