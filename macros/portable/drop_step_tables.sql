{# Takes away what step_table has made. #}
{% macro drop_step_tables(names) -%}
    {{ return(adapter.dispatch('drop_step_tables', 'customer_analytics')(names)) }}
{%- endmacro %}

{% macro default__drop_step_tables(names) -%}
    {% for name in names %}
        {% do run_query('drop table if exists temp.' ~ name) %}
    {% endfor %}
{%- endmacro %}

{% macro spark__drop_step_tables(names) -%}
    {% for name in names %}
        {% do run_query('drop table if exists ' ~ name) %}
    {% endfor %}
{%- endmacro %}
