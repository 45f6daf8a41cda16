{# The text under a key of a JSON object; null where there is none, or no JSON. #}
{% macro json_text(json, key) -%}
    {{ return(adapter.dispatch('json_text', 'customer_analytics')(json, key)) }}
{%- endmacro %}

{% macro default__json_text(json, key) -%}
    case when json_valid({{ json }}) then json_extract_string({{ json }}, '$."' || replace({{ key }}, '"', '') || '"') end
{%- endmacro %}

{% macro spark__json_text(json, key) -%}
    get_json_object({{ json }}, concat('$[\'', {{ key }}, '\']'))
{%- endmacro %}
