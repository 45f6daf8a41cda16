{# The columns lie between their bounds: {column: [least, greatest]}, both included, null for none. Empty values are left to never_null. #}
{% test within(model, bounds) %}
select {{ bounds.keys() | join(', ') }}
from {{ model }}
where
    false
    {%- for column, limits in bounds.items() %}
    {%- if limits[0] is not none %}
    or {{ column }} < {{ limits[0] }}
    {%- endif %}
    {%- if limits[1] is not none %}
    or {{ column }} > {{ limits[1] }}
    {%- endif %}
    {%- endfor %}
{% endtest %}
