{# Layers of which each has a schema of its own: a model called <layer>__<name> lives in schema <layer> as <name>. #}
{% macro layers_with_schemas() -%}
    {{ return(['staging', 'bronze', 'quarantine', 'silver', 'ledger']) }}
{%- endmacro %}
