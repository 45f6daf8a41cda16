{# Rows of one column `date_day`: every day from one date to another, both included, in the select list of a query. #}
{% macro each_day(first, last) -%}
    {{ return(adapter.dispatch('each_day', 'customer_analytics')(first, last)) }}
{%- endmacro %}

{% macro default__each_day(first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day)) as date)
{%- endmacro %}

{% macro spark__each_day(first, last) -%}
    explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 day))
{%- endmacro %}
