{# Every landed row of a contract as text: files in the contract's own shape, the connectors that are switched on, mapped systems.
   `with_details`: also the newest file with details of the row (detail_file_id), where a connector gives it. #}
{% macro landed_rows(name, with_details=false) -%}
    {%- set columns = contract_of(name) -%}
    {%- set nothing = 'cast(null as ' ~ dbt.type_string() ~ ')' -%}
    {%- set readings = [] -%}
    {%- set mapped_readings = mapped_tables(name) -%}
    {%- if 'files' in var('systems') -%}
        {%- do readings.append({'relation': source('files', name), 'filled': columns | map(attribute='name') | list}) -%}
    {%- endif -%}
    {%- for system, contracts in var('connectors').items() if name in contracts and system in var('systems') -%}
        {%- set filled = graph.nodes['model.customer_analytics.' ~ system ~ '__' ~ name].columns.keys() | list if execute else [] -%}
        {%- do readings.append({'relation': ref(system ~ '__' ~ name), 'filled': filled}) -%}
    {%- endfor -%}
    {%- for reading in readings %}
    {{ 'union all' if not loop.first }}
    select
        landed_file_id,
        landed_line{% for column in columns %},
        {{ 'cast(' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')' if column.name in reading.filled else nothing }} as {{ column.name }}{% endfor %}
        {{- detail_column('detail_file_id' in reading.filled) if with_details }}
    from {{ reading.relation }}
    {%- endfor %}
    {%- for mapped in mapped_readings %}
    {{ 'union all' if readings or not loop.first }}
    select
        landed_file_id,
        landed_line{% for column in columns %},
        {{ mapped.columns.get(column.name, nothing) }} as {{ column.name }}{% endfor %}
        {{- detail_column(false) if with_details }}
    from {{ target.database }}.landing."{{ mapped.relation }}"
    {%- endfor %}
    {%- if not readings and not mapped_readings %}
    select
        landed_file_id,
        landed_line{% for column in columns %},
        {{ column.name }}{% endfor %}
        {{- detail_column(false) if with_details }}
    from {{ source('files', name) }}
    where false
    {%- endif %}
{%- endmacro %}

{% macro detail_column(is_given) -%}
    ,
        {{ 'detail_file_id' if is_given else 'cast(null as bigint) as detail_file_id' }}
{%- endmacro %}

{# SQL that is true for a file which was loaded but which nothing reads any more: its system was switched off, or its mapping went. #}
{% macro is_read_no_more(files) -%}
    {%- set relations = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name in var('systems') -%}
            {%- do relations.append(node.identifier) -%}
        {%- endfor -%}
        {%- for contract in input_contracts() -%}
            {%- do relations.extend(mapped_tables(contract.name) | map(attribute='relation') | list) -%}
        {%- endfor -%}
    {%- endif -%}
    ({{ files }}.status = 'loaded' and {{ files }}.relation not in ('{{ relations | join("', '") }}'))
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
