-- Wrong if the seed score_signals names a signal that no column measures (it would count as unknown for everybody), or if its curve does not go
-- up, or down, all the way.
{%- set measured = {
    'health': account_signals(),
    'churn_risk': account_signals(),
    'success': account_signals(),
    'user_engagement': user_signals(),
    'device_health': device_signals(),
    'portal_success': portal_signals(),
    'self_service': self_service_signals(),
} %}
select
    score,
    signal
from {{ ref('score_signals') }}
where
    not (
        {% for score, signals in measured.items() -%}
        (score = '{{ score }}' and signal in ('{{ signals | join("', '") }}'))
        {{- ' or' if not loop.last }}
        {% endfor %}
    )
    or (coalesce(value_at_50, (value_at_0 + value_at_100) / 2) - value_at_0)
    * (value_at_100 - coalesce(value_at_50, (value_at_0 + value_at_100) / 2)) <= 0
