{# The named columns of a row as one JSON text. #}
{% macro json_object(columns) -%}
    {{ return(adapter.dispatch('json_object', 'customer_analytics')(columns)) }}
{%- endmacro %}

{% macro default__json_object(columns) -%}
    cast(to_json(struct_pack({% for column in columns %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor %})) as varchar)
{%- endmacro %}

{% macro spark__json_object(columns) -%}
    to_json(struct({{ columns | join(', ') }}), map('ignoreNullFields', 'false'))
{%- endmacro %}
