{# A model called <layer>__<name> lives in schema <layer> as <name>; all others in the schema of their folder. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = node.name.split('__')[0] -%}
    {%- if '__' in node.name and prefix in layers_with_schemas() -%}
        {{ prefix }}
    {%- else -%}
        {{ custom_schema_name or target.schema }}
    {%- endif -%}
{%- endmacro %}
