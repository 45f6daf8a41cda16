{# Takes the rows out of a table whose key stands in the table `outdated`, and puts the rows of a query in. #}
{% macro replace_rows(relation, key, outdated, sql) -%}
    {{ return(adapter.dispatch('replace_rows', 'customer_analytics')(relation, key, outdated, sql)) }}
{%- endmacro %}

{% macro default__replace_rows(relation, key, outdated, sql) -%}
    {% do run_query('delete from ' ~ relation ~ ' where ' ~ key ~ ' in (select ' ~ key ~ ' from ' ~ outdated ~ ')') %}
    {% do run_query('insert into ' ~ relation ~ ' ' ~ sql) %}
{%- endmacro %}

{# Files of Parquet cannot be changed in place: the table is written again. #}
{% macro spark__replace_rows(relation, key, outdated, sql) -%}
    {% do run_query('drop table if exists ' ~ relation ~ '__next') %}
    {% do run_query('create table ' ~ relation ~ '__next as select stored.* from ' ~ relation ~ ' as stored left anti join ' ~ outdated ~ ' as outdated on stored.' ~ key ~ ' = outdated.' ~ key ~ ' union all ' ~ sql) %}
    {% do run_query('drop table ' ~ relation) %}
    {% do run_query('alter table ' ~ relation ~ '__next rename to ' ~ relation) %}
{%- endmacro %}
