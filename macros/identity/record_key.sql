{# The name of a source record everywhere. A bar in the name of a system would be taken for the end of it. #}
{% macro record_key(system, record_id) -%}
    replace({{ system }}, '|', '%7C') || '|' || {{ record_id }}
{%- endmacro %}
