{# The columns of an input contract, as its YAML lists them: [{name, data_type, meta}]. Empty while dbt only parses. #}
{% macro contract_of(name) -%}
    {% set columns = [] %}
    {% if execute %}
        {% for column in graph.nodes['model.customer_analytics.bronze__' ~ name].columns.values()
            if column.name not in system_columns() %}
            {% do columns.append({'name': column.name, 'data_type': column.data_type, 'meta': column.config.meta, 'tags': column.config.tags}) %}
        {% endfor %}
    {% endif %}
    {{ return(columns) }}
{%- endmacro %}

{# Groups of columns of which a row of the contract must fill at least one: [[name, …], …]. Empty while dbt only parses. #}
{% macro one_of(name) -%}
    {{ return((graph.nodes['model.customer_analytics.bronze__' ~ name].config.meta.one_of or []) if execute else []) }}
{%- endmacro %}

{% macro system_columns() -%}
    {{ return(['source_system', 'source_table', 'source_file', 'source_line', 'load_id']) }}
{%- endmacro %}

{# All columns of a bronze table, in the order of its contract. #}
{% macro contract_columns(name) -%}
    {%- for column in contract_of(name) %}
    {{ column.name }},
    {%- endfor %}
    source_system,
    source_table,
    source_file,
    source_line,
    load_id
{%- endmacro %}
