{# What a monthly recurring revenue leaves in a year, after what it costs to serve the customer. #}
{% macro margin_of_a_year(mrr) -%}
    {{ mrr }} * 12 * {{ var('gross_margin') }}
{%- endmacro %}
