{# The input contracts with their grain: [{name, grain}], from the YAML of the bronze models. Empty while dbt only parses. #}
{% macro input_contracts() -%}
    {% set contracts = [] %}
    {% if execute %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('input_contract') %}
            {% do contracts.append({'name': node.config.meta.input_contract, 'grain': node.config.meta.grain}) %}
        {% endfor %}
    {% endif %}
    {{ return(contracts | sort(attribute='name')) }}
{%- endmacro %}

{# Tables of connectors whose rows describe rows of another table: [{system, table, relation, role, attached_to, attached_by}]. #}
{% macro attached_tables() -%}
    {% set tables = [] %}
    {% if execute %}
        {% for node in graph.sources.values() if node.config.meta.get('role') in ['detail', 'lookup'] and node.source_name in var('systems') %}
            {% do tables.append({
                'system': node.source_name,
                'table': node.name,
                'relation': node.identifier,
                'role': node.config.meta.role,
                'attached_to': node.source_name ~ '__' ~ node.config.meta.get('attached_to', ''),
                'attached_by': node.config.meta.get('attached_by'),
            }) %}
        {% endfor %}
    {% endif %}
    {{ return(tables | sort(attribute='relation')) }}
{%- endmacro %}

{# The line, if the row lies in a table of which every row fills several contracts, else null: such a row is one landed row
   although it stands in several bronze tables, and whoever counts landed rows counts its line once. #}
{% macro shared_line(system, line) -%}
    {%- set systems = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.config.meta.get('contracts', []) | length > 1 and node.source_name not in systems -%}
            {%- do systems.append(node.source_name) -%}
        {%- endfor -%}
    {%- endif -%}
    case when {{ system }} in ('{{ systems | sort | join("', '") }}') then {{ line }} end
{%- endmacro %}
