{# The house number in a street address (intelligence/identity/normalising.py). #}
{% macro house_key(street_address) -%}
    {{ return(adapter.dispatch('house_key', 'customer_analytics')(street_address)) }}
{%- endmacro %}

{% macro default__house_key(street_address) -%}
    house_key({{ street_address }})
{%- endmacro %}

{% macro spark__house_key(street_address) -%}
    house_key({{ street_address }})
{%- endmacro %}
