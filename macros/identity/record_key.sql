{# The name of a source record everywhere. #}
{% macro record_key(system, record_id) -%}
    {{ system }} || '|' || {{ record_id }}
{%- endmacro %}
