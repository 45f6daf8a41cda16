{# The select list of a staging model: every column read as its contract says, and what is wrong with the row. #}
{% macro typed_columns(name) -%}
    {%- for column in contract_of(name) %}
    {{ read_as(column.name, column.data_type, column.meta) }} as {{ column.name }},
    {%- endfor %}
    source_system,
    source_table,
    source_file,
    landed_line as source_line,
    load_id
{%- endmacro %}

{% macro read_as(name, data_type, meta) -%}
    {%- set text = "nullif(trim(" ~ name ~ "), '')" -%}
    {%- if data_type == 'varchar' and meta.accepted -%}
        lower({{ text }})
    {%- elif data_type == 'varchar' -%}
        {{ text }}
    {%- elif data_type == 'timestamp' -%}
        {{ read_timestamp(text) }}
    {%- elif data_type == 'boolean' -%}
        case
            when lower({{ text }}) in ('true', 't', 'yes', 'y', '1', '1.0') then true
            when lower({{ text }}) in ('false', 'f', 'no', 'n', '0', '0.0') then false
        end
    {%- elif data_type == 'bigint' -%}
        {{ read_whole_number(text) }}
    {%- elif data_type == 'double' -%}
        {{ read_finite_number(text) }}
    {%- else -%}
        {{ dbt.safe_cast(text, data_type) }}
    {%- endif -%}
{%- endmacro %}

{# All that is wrong with a landed row, in words, or null. Values of personal columns are not repeated. #}
{% macro contract_violations(name) -%}
    {%- set columns = contract_of(name) -%}
    nullif(concat_ws('; '
    {%- for column in columns -%}
        {%- set text = "nullif(trim(" ~ column.name ~ "), '')" -%}
        {%- set typed = read_as(column.name, column.data_type, column.meta) -%}
        {%- set shown = "''" if 'personal_data' in column.tags else "': ' || left(" ~ text ~ ", 60)" -%}
        {%- if column.meta.required %},
        case when {{ text }} is null then '{{ column.name }} is required and missing' end
        {%- endif %}
        {%- if column.data_type != 'varchar' %},
        case when {{ text }} is not null and {{ typed }} is null then '{{ column.name }} cannot be read as {{ column.data_type }}' || {{ shown }} end
        {%- else %},
        case when length({{ column.name }}) > 65536 then '{{ column.name }} is longer than 65,536 characters' end
        {%- endif %}
        {%- if column.meta.accepted %},
        case when {{ typed }} not in ('{{ column.meta.accepted | join("', '") }}') then '{{ column.name }} is none of {{ column.meta.accepted | join(", ") }}' || {{ shown }} end
        {%- endif %}
        {%- if column.meta.min is defined and column.meta.min is not none %},
        case when {{ typed }} < {{ column.meta.min }} then '{{ column.name }} is below {{ column.meta.min }}' || {{ shown }} end
        {%- endif %}
        {%- if column.meta.max is defined and column.meta.max is not none %},
        case when {{ typed }} > {{ column.meta.max }} then '{{ column.name }} is above {{ column.meta.max }}' || {{ shown }} end
        {%- endif %}
        {%- if column.meta.past_only %},
        case when {{ typed }} > {{ dbt.dateadd('hour', var('future_tolerance_hours'), 'loaded_at') }} then '{{ column.name }} lies in the future of the load' || {{ shown }} end
        {%- endif %}
    {%- endfor %}
    ), '')
{%- endmacro %}

{# The row as it came, as JSON, for the quarantine. #}
{% macro landed_record(name) -%}
    {{ json_object(contract_of(name) | map(attribute='name') | list) }}
{%- endmacro %}

{# Order that puts the version of a row first which counts: the source's own time of change, else file name and line. #}
{% macro latest_version_first() -%}
    updated_at desc nulls last, source_file desc, source_line desc
{%- endmacro %}
