{# Every landed row of a contract as text: files in the contract's own shape, the connectors that are switched on, mapped systems. #}
{% macro landed_rows(name) -%}
    {%- set columns = contract_of(name) -%}
    select
        landed_file_id,
        landed_line{% for column in columns %},
        {{ column.name }}{% endfor %}
    from {{ source('files', name) }}
    {%- for system, contracts in var('connectors').items() if name in contracts and system in var('systems') %}
    {%- set model = ref(system ~ '__' ~ name) %}
    {%- set filled = graph.nodes['model.customer_analytics.' ~ system ~ '__' ~ name].columns.keys() | list if execute else [] %}
    union all
    select
        landed_file_id,
        landed_line{% for column in columns %},
        {% if column.name in filled %}cast({{ column.name }} as {{ dbt.type_string() }}){% else %}cast(null as {{ dbt.type_string() }}){% endif %} as {{ column.name }}{% endfor %}
    from {{ model }}
    {%- endfor %}
    {%- for mapped in mapped_tables(name) %}
    union all
    select
        landed_file_id,
        landed_line{% for column in columns %},
        {{ mapped.columns.get(column.name, 'cast(null as ' ~ dbt.type_string() ~ ')') }} as {{ column.name }}{% endfor %}
    from {{ target.database }}.landing."{{ mapped.relation }}"
    {%- endfor %}
{%- endmacro %}

{# The tables of mapped systems that fill a contract: [{relation, columns: {column: SQL}}]. #}
{% macro mapped_tables(name) -%}
    {% set tables = {} %}
    {% if execute and adapter.get_relation(target.database, 'landing', 'mapped_columns') %}
        {% for row in run_query("select relation, column_name, expression from landing.mapped_columns where contract = '" ~ name ~ "' order by relation, column_name").rows %}
            {% do tables.setdefault(row[0], {'relation': row[0], 'columns': {}}).columns.update({row[1]: row[2]}) %}
        {% endfor %}
    {% endif %}
    {{ return(tables.values() | list) }}
{%- endmacro %}
