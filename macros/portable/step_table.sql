{# A table of the running materialisation, made anew from a query that may read its former self; nobody else sees it. #}
{% macro step_table(name, sql) -%}
    {{ return(adapter.dispatch('step_table', 'customer_analytics')(name, sql)) }}
{%- endmacro %}

{% macro default__step_table(name, sql) -%}
    {% do run_query('create or replace temporary table ' ~ name ~ ' as ' ~ sql) %}
{%- endmacro %}

{# Spark has no temporary tables, and a table cannot be replaced by what reads it. #}
{% macro spark__step_table(name, sql) -%}
    {% do run_query('drop table if exists ' ~ name ~ '__next') %}
    {% do run_query('create table ' ~ name ~ '__next as ' ~ sql) %}
    {% do run_query('drop table if exists ' ~ name) %}
    {% do run_query('alter table ' ~ name ~ '__next rename to ' ~ name) %}
{%- endmacro %}
