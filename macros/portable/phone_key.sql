{# A phone number in E.164, read as one of the region (ISO-2) if it names no country (intelligence/identity/normalising.py). #}
{% macro phone_key(text, region) -%}
    {{ return(adapter.dispatch('phone_key', 'customer_analytics')(text, region)) }}
{%- endmacro %}

{% macro default__phone_key(text, region) -%}
    phone_key({{ text }}, {{ region }})
{%- endmacro %}

{% macro spark__phone_key(text, region) -%}
    phone_key({{ text }}, {{ region }})
{%- endmacro %}
