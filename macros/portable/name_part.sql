{# The given, middle or family name in a full name (intelligence/identity/normalising.py). #}
{% macro name_part(full_name, part) -%}
    {{ return(adapter.dispatch('name_part', 'customer_analytics')(full_name, part)) }}
{%- endmacro %}

{% macro default__name_part(full_name, part) -%}
    name_part({{ full_name }}, '{{ part }}')
{%- endmacro %}

{% macro spark__name_part(full_name, part) -%}
    name_part({{ full_name }}, '{{ part }}')
{%- endmacro %}
