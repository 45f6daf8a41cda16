{# A value as spoken_value says it, with its unit where the name of the figure does not say it. #}
{% macro spoken_measure(value, unit) -%}
    {{ spoken_value(value, unit) }} || case when {{ unit }} in ('points', 'hours', 'minutes') then ' ' || {{ unit }} else '' end
{%- endmacro %}
