-- Wrong if the score of a login, a device, an account's month in the portal or its self-service is not the sum of its rows, or has none.
{%- set scores = [
    {'score': 'entity_users', 'value': 'engagement_score', 'rows': 'fct_user_score_contributions', 'keys': ['user_id']},
    {'score': 'entity_devices', 'value': 'device_health_score', 'rows': 'fct_device_score_contributions', 'keys': ['source_system', 'device_id']},
    {
        'score': 'customer_analytics_success_metrics', 'value': 'success_score',
        'rows': 'fct_portal_score_contributions', 'keys': ['customer_id', 'month']
    },
    {'score': 'self_service_success', 'value': 'self_service_score', 'rows': 'fct_self_service_score_contributions', 'keys': ['customer_id']}
] %}
with
{%- for one in scores %}
{{ one.rows }}_summed as (
    select
        {{ one['keys'] | join(', ') }},
        sum(contribution) as added_up,
        sum(weight) as all_weights
    from {{ ref(one.rows) }}
    group by {{ one['keys'] | join(', ') }}
){{ ',' if not loop.last }}
{% endfor %}

{% for one in scores %}
select
    '{{ one.score }}' as score,
    cast(scored.{{ one['keys'] | last }} as {{ dbt.type_string() }}) as scored_key,
    scored.{{ one.value }} as score_value,
    summed.added_up
from {{ ref(one.score) }} as scored
full outer join {{ one.rows }}_summed as summed
    on
        {%- for key in one['keys'] %}
        scored.{{ key }} = summed.{{ key }}{{ ' and' if not loop.last }}
        {%- endfor %}
where
    (scored.{{ one.value }} is null) != (summed.added_up is null)
    or abs(scored.{{ one.value }} - summed.added_up) > 1e-9
    or abs(summed.all_weights - 100) > 1e-9
{{ 'union all' if not loop.last }}
{% endfor %}
