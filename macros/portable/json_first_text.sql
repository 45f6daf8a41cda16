{# The text under a name in the first object of a JSON array, which may lie in an array of its own; null for anything else. #}
{% macro json_first_text(text, name) -%}
    {{ return(adapter.dispatch('json_first_text', 'customer_analytics')(text, name)) }}
{%- endmacro %}

{% macro default__json_first_text(text, name) -%}
    case
        when json_valid({{ text }})
            then nullif(coalesce(json_extract_string({{ text }}, '$[0].{{ name }}'), json_extract_string({{ text }}, '$[0][0].{{ name }}')), '')
    end
{%- endmacro %}

{% macro spark__json_first_text(text, name) -%}
    nullif(coalesce(get_json_object({{ text }}, '$[0].{{ name }}'), get_json_object({{ text }}, '$[0][0].{{ name }}')), '')
{%- endmacro %}
