{# The text under a name in the first object of a JSON array; null for anything else. #}
{% macro json_first_text(text, name) -%}
    {{ return(adapter.dispatch('json_first_text', 'customer_analytics')(text, name)) }}
{%- endmacro %}

{% macro default__json_first_text(text, name) -%}
    case when json_valid({{ text }}) then nullif(json_extract_string({{ text }}, '$[0].{{ name }}'), '') end
{%- endmacro %}

{% macro spark__json_first_text(text, name) -%}
    nullif(get_json_object({{ text }}, '$[0].{{ name }}'), '')
{%- endmacro %}
