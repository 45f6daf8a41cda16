{# Lower-case ASCII letters of a name (intelligence/identity/normalising.py). #}
{% macro name_key(text) -%}
    {{ return(adapter.dispatch('name_key', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__name_key(text) -%}
    name_key({{ text }})
{%- endmacro %}

{% macro spark__name_key(text) -%}
    name_key({{ text }})
{%- endmacro %}
