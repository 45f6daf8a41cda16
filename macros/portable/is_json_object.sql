{# Whether a text is a JSON object; null stays null. #}
{% macro is_json_object(text) -%}
    {{ return(adapter.dispatch('is_json_object', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__is_json_object(text) -%}
    case when json_valid({{ text }}) then json_type({{ text }}) = 'OBJECT' when {{ text }} is not null then false end
{%- endmacro %}

{% macro spark__is_json_object(text) -%}
    case when {{ text }} is not null then json_object_keys({{ text }}) is not null end
{%- endmacro %}
