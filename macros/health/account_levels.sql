{#
    The levels of silver.account_daily that are kept as running sums of silver.account_steps: what is added on one day (`adds`, in days after
    the measured day) and taken away again on a later one (`takes`; none: never).
#}
{% macro account_windows() -%}
    {{ return([
        {'level': 'daily_active_users', 'measure': 'active_users', 'adds': 0, 'takes': 1},
        {'level': 'active_days_30d', 'measure': 'active_days', 'adds': 0, 'takes': 30},
        {'level': 'user_days_30d', 'measure': 'user_days', 'adds': 0, 'takes': 30},
        {'level': 'user_days_previous_90d', 'measure': 'user_days', 'adds': 30, 'takes': 120},
        {'level': 'sessions_30d', 'measure': 'sessions', 'adds': 0, 'takes': 30},
        {'level': 'session_minutes_30d', 'measure': 'session_minutes', 'adds': 0, 'takes': 30},
        {'level': 'tickets_30d', 'measure': 'tickets_opened', 'adds': 0, 'takes': 30},
        {'level': 'tickets_60d', 'measure': 'tickets_opened', 'adds': 0, 'takes': 60},
        {'level': 'tickets_90d', 'measure': 'tickets_opened', 'adds': 0, 'takes': 90},
        {'level': 'tickets_with_severity_90d', 'measure': 'tickets_with_severity', 'adds': 0, 'takes': 90},
        {'level': 'severe_tickets_90d', 'measure': 'severe_tickets', 'adds': 0, 'takes': 90},
        {'level': 'escalated_tickets_30d', 'measure': 'escalated_tickets', 'adds': 0, 'takes': 30},
        {'level': 'tickets_resolved_90d', 'measure': 'tickets_resolved', 'adds': 0, 'takes': 90},
        {'level': 'resolution_hours_90d', 'measure': 'resolution_hours', 'adds': 0, 'takes': 90},
        {'level': 'satisfaction_answers_90d', 'measure': 'satisfaction_answers', 'adds': 0, 'takes': 90},
        {'level': 'satisfaction_sum_90d', 'measure': 'satisfaction_sum', 'adds': 0, 'takes': 90},
        {'level': 'service_answers_90d', 'measure': 'service_answers', 'adds': 0, 'takes': 90},
        {'level': 'service_sum_90d', 'measure': 'service_sum', 'adds': 0, 'takes': 90},
        {'level': 'survey_answers_180d', 'measure': 'survey_answers', 'adds': 0, 'takes': 180},
        {'level': 'survey_sum_180d', 'measure': 'survey_sum', 'adds': 0, 'takes': 180},
        {'level': 'bills_due_180d', 'measure': 'bills_due', 'adds': 0, 'takes': 180},
        {'level': 'bills_paid_in_time_180d', 'measure': 'bills_paid_in_time', 'adds': 0, 'takes': 180},
        {'level': 'payment_troubles_90d', 'measure': 'payment_troubles', 'adds': 0, 'takes': 90},
        {'level': 'meetings_held_90d', 'measure': 'meetings_held', 'adds': 0, 'takes': 90},
        {'level': 'engagements_held_90d', 'measure': 'engagements_held', 'adds': 0, 'takes': 90},
        {'level': 'engagements_held_180d', 'measure': 'engagements_held', 'adds': 0, 'takes': 180},
        {'level': 'engagements_missed_90d', 'measure': 'engagements_missed', 'adds': 0, 'takes': 90},
        {'level': 'answers_asked_90d', 'measure': 'answers_asked', 'adds': 0, 'takes': 90},
        {'level': 'answers_given_90d', 'measure': 'answers_given', 'adds': 0, 'takes': 90},
        {'level': 'answers_due_90d', 'measure': 'answers_due', 'adds': 0, 'takes': 90},
        {'level': 'answers_late_90d', 'measure': 'answers_late', 'adds': 0, 'takes': 90},
        {'level': 'outcomes_known_180d', 'measure': 'outcomes_known', 'adds': 0, 'takes': 180},
        {'level': 'outcome_sum_180d', 'measure': 'outcome_sum', 'adds': 0, 'takes': 180},
        {'level': 'outcomes_known_90d', 'measure': 'outcomes_known', 'adds': 0, 'takes': 90},
        {'level': 'outcomes_negative_90d', 'measure': 'outcomes_negative', 'adds': 0, 'takes': 90},
        {'level': 'stakeholders_invited_180d', 'measure': 'stakeholders_invited', 'adds': 0, 'takes': 180},
        {'level': 'stakeholders_attended_180d', 'measure': 'stakeholders_attended', 'adds': 0, 'takes': 180},
        {'level': 'competitor_mentions_180d', 'measure': 'competitor_mentions', 'adds': 0, 'takes': 180},
        {'level': 'pricing_discussions_180d', 'measure': 'pricing_discussions', 'adds': 0, 'takes': 180},
        {'level': 'competitor_texts_180d', 'measure': 'competitor_texts', 'adds': 0, 'takes': 180},
        {'level': 'pricing_texts_180d', 'measure': 'pricing_texts', 'adds': 0, 'takes': 180},
        {'level': 'budget_mentions_180d', 'measure': 'budget_mentions', 'adds': 0, 'takes': 180},
        {'level': 'feature_requests_180d', 'measure': 'feature_requests', 'adds': 0, 'takes': 180},
        {'level': 'goals_judged_365d', 'measure': 'goals_judged', 'adds': 0, 'takes': 365},
        {'level': 'goals_reached_365d', 'measure': 'goals_reached', 'adds': 0, 'takes': 365},
        {'level': 'mrr', 'measure': 'mrr', 'adds': 0, 'takes': none},
        {'level': 'mrr_90d_ago', 'measure': 'mrr', 'adds': 90, 'takes': none},
        {'level': 'mrr_365d_ago', 'measure': 'mrr', 'adds': 365, 'takes': none},
        {'level': 'highest_mrr_365d', 'measure': 'highest_mrr', 'adds': 0, 'takes': none},
        {'level': 'notice_mrr', 'measure': 'notice_mrr', 'adds': 0, 'takes': none},
        {'level': 'contract_ends_in_epoch_days', 'measure': 'contract_end', 'adds': 0, 'takes': none},
        {'level': 'subscriptions', 'measure': 'subscriptions', 'adds': 0, 'takes': none},
        {'level': 'subscriptions_30d_ago', 'measure': 'subscriptions', 'adds': 30, 'takes': none},
        {'level': 'subscriptions_begun', 'measure': 'subscriptions_begun', 'adds': 0, 'takes': none},
        {'level': 'total_users', 'measure': 'users', 'adds': 0, 'takes': none},
        {'level': 'active_users_30d', 'measure': 'active_users_level', 'adds': 0, 'takes': none},
        {'level': 'features_used_30d', 'measure': 'active_features_level', 'adds': 0, 'takes': none},
        {'level': 'features_used_30d_ago', 'measure': 'active_features_level', 'adds': 30, 'takes': none},
        {'level': 'meetings_expected_90d', 'measure': 'meetings_expected', 'adds': 0, 'takes': none},
    ]) }}
{%- endmacro %}

{# The type of a level: money with four digits, sums of durations and marks with six, counts whole. #}
{% macro account_level_type(level) -%}
    {%- if 'mrr' in level -%} decimal(18, 4)
    {%- elif '_sum_' in level or '_minutes_' in level or '_hours_' in level or level == 'meetings_expected_90d' -%} decimal(18, 6)
    {%- else -%} bigint
    {%- endif -%}
{%- endmacro %}
