{# Signals of accounts: the columns of silver.account_signals. #}
{% macro account_signals() -%}
    {{ return([
        'login_frequency', 'feature_adoption', 'session_duration', 'user_activity', 'declining_login_frequency', 'reduced_feature_usage',
        'days_since_last_activity', 'ticket_volume', 'ticket_severity', 'resolution_time', 'satisfaction', 'support_escalations',
        'meeting_frequency', 'response_rate', 'outcome_quality', 'stakeholder_participation', 'missed_meetings', 'delayed_responses',
        'negative_outcomes', 'negative_feedback', 'survey_sentiment', 'competitor_mentions', 'pricing_discussions', 'budget_constraints',
        'feature_requests', 'goal_completion', 'contract_value', 'payment_history', 'payment_delays', 'expansion', 'revenue_contraction',
        'revenue_growth', 'renewal_likelihood', 'contract_approaching_renewal',
    ]) }}
{%- endmacro %}

{#
    A raw value on the scale from 0 to 100: a curve of two straight pieces through its three stated points, flat beyond them. Each piece counts
    half; where no value for 50 is stated, the line is straight.
#}
{% macro normalised(raw_value, value_at_0, value_at_50, value_at_100) -%}
    50 * greatest(0, least(1, ({{ raw_value }} - {{ value_at_0 }}) / ({{ value_at_50 }} - {{ value_at_0 }})))
    + 50 * greatest(0, least(1, ({{ raw_value }} - {{ value_at_50 }}) / ({{ value_at_100 }} - {{ value_at_50 }})))
{%- endmacro %}
