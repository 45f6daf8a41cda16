{# The value that a JSON object holds under a name, as text without quotes. Null where there is none, and for a text that is no JSON. #}
{% macro json_property_text(text, name) -%}
    {{ return(adapter.dispatch('json_property_text', 'customer_analytics')(text, name)) }}
{%- endmacro %}

{% macro default__json_property_text(text, name) -%}
    case when json_valid({{ text }}) then json_extract_string({{ text }}, {{ json_property_path(name) }}) end
{%- endmacro %}

{% macro spark__json_property_text(text, name) -%}
    get_json_object({{ text }}, {{ json_property_path(name) }})
{%- endmacro %}
