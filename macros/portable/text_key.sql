{# Lower-case ASCII letters and digits of a text; null if there are none. A function of our own on both engines (intelligence/identity/normalising.py). #}
{% macro text_key(text) -%}
    {{ return(adapter.dispatch('text_key', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__text_key(text) -%}
    text_key({{ text }})
{%- endmacro %}

{% macro spark__text_key(text) -%}
    text_key({{ text }})
{%- endmacro %}
