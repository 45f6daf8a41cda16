{# The column adds up to a total within each group. #}
{% test sums_to(model, column, total, group_by) %}
select
    {{ group_by | join(', ') }},
    sum({{ column }}) as added_up
from {{ model }}
group by {{ group_by | join(', ') }}
having abs(sum({{ column }}) - {{ total }}) > 1e-9
{% endtest %}
