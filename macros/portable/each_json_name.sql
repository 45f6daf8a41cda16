{# Rows of one column: each name in a JSON object, once, in the select list of a query. None for a text that is no object. #}
{% macro each_json_name(text) -%}
    {{ return(adapter.dispatch('each_json_name', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__each_json_name(text) -%}
    unnest(case when json_valid({{ text }}) then list_distinct(json_keys({{ text }})) end)
{%- endmacro %}

{% macro spark__each_json_name(text) -%}
    explode(array_distinct(json_object_keys({{ text }})))
{%- endmacro %}
