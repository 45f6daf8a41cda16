{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- set parts = node.name.split('__') -%}
    {%- if custom_alias_name -%}
        {{ custom_alias_name }}
    {%- elif parts[0] in layers_with_schemas() and parts | length > 1 -%}
        {{ parts[1:] | join('__') }}
    {%- else -%}
        {{ node.name }}
    {%- endif -%}
{%- endmacro %}
