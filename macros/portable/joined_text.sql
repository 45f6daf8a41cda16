{# Texts of a group joined in a stated order. #}
{% macro joined_text(column, separator, order_by) -%}
    {{ return(adapter.dispatch('joined_text', 'customer_analytics')(column, separator, order_by)) }}
{%- endmacro %}

{% macro default__joined_text(column, separator, order_by) -%}
    string_agg({{ column }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_text(column, separator, order_by) -%}
    array_join(transform(array_sort(collect_list(struct({{ order_by }} as sort_key, {{ column }} as text))), pair -> pair.text), '{{ separator }}')
{%- endmacro %}
