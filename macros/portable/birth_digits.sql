{# A birth date as eight digits, year first, as it was typed; the country decides whether day or month stands first (intelligence/identity/normalising.py). #}
{% macro birth_digits(text, country) -%}
    {{ return(adapter.dispatch('birth_digits', 'customer_analytics')(text, country)) }}
{%- endmacro %}

{% macro default__birth_digits(text, country) -%}
    birth_digits({{ text }}, {{ country }})
{%- endmacro %}

{% macro spark__birth_digits(text, country) -%}
    birth_digits({{ text }}, {{ country }})
{%- endmacro %}
