{# The street in a street address, without the house number (intelligence/identity/normalising.py). #}
{% macro street_key(street_address) -%}
    {{ return(adapter.dispatch('street_key', 'customer_analytics')(street_address)) }}
{%- endmacro %}

{% macro default__street_key(street_address) -%}
    street_key({{ street_address }})
{%- endmacro %}

{% macro spark__street_key(street_address) -%}
    street_key({{ street_address }})
{%- endmacro %}
