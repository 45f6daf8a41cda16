{# The path to a name in a JSON object. A name may hold any character: a bare quote in it would end the run. #}
{% macro json_property_path(name) -%}
    {{ return(adapter.dispatch('json_property_path', 'customer_analytics')(name)) }}
{%- endmacro %}

{% macro default__json_property_path(name) -%}
    '$."' || replace(replace({{ name }}, '\', '\\'), '"', '\"') || '"'
{%- endmacro %}

{# Spark's get_json_object knows single quotes only; a name that holds one is not found. #}
{% macro spark__json_property_path(name) -%}
    concat('$[\'', {{ name }}, '\']')
{%- endmacro %}
