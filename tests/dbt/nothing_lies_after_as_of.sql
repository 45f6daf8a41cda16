-- Wrong if a table that people query knows something that had not happened yet at as_of.
{% set times = [
    ('entity_customers', 'first_subscription_date'),
    ('entity_customers', 'last_login_at'),
    ('entity_customers_daily', 'date'),
    ('entity_people', 'first_seen_at'),
    ('entity_people', 'last_updated_at'),
    ('fct_events', 'occurred_at'),
    ('fct_engagements', 'responded_at'),
    ('fct_goals', 'achieved_at'),
    ('fct_interventions', 'started_at'),
    ('fct_mrr_movements', 'month'),
    ('fct_payment_recovery', 'recovered_at'),
    ('fct_scores', 'date_day'),
    ('fct_sessions', 'ended_at'),
    ('fct_survey_responses', 'responded_at'),
    ('fct_support_tickets', 'opened_at'),
    ('fct_support_tickets', 'first_responded_at'),
    ('fct_support_tickets', 'resolved_at'),
    ('fct_touchpoints', 'occurred_at'),
] -%}
{% for model, column in times -%}
select
    '{{ model }}.{{ column }}' as place,
    cast(seen.{{ column }} as timestamp) as happened_at,
    build.as_of
from {{ ref(model) }} as seen
cross join {{ ref('silver__as_of') }} as build
where seen.{{ column }} > build.as_of
{{ 'union all' if not loop.last }}
{% endfor %}
