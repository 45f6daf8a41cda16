{# The select list of a staging model: every column read as its contract says, and what is wrong with the row. #}
{% macro typed_columns(name) -%}
    {%- set columns = contract_of(name) -%}
    {%- for column in columns %}
    {{ filled(column, columns) }} as {{ column.name }},
    {%- endfor %}
    source_system,
    source_table,
    source_file,
    landed_line as source_line,
    load_id
{%- endmacro %}

{# A column as it is read; where it is empty, what its `otherwise` names: columns of the row, or a 'literal', the first that is there. #}
{% macro filled(column, columns) -%}
    {%- set readings = [read_column(column)] -%}
    {%- for other in column.meta.otherwise or [] -%}
        {%- set named = columns | selectattr('name', 'equalto', other) | first -%}
        {%- if other.startswith("'") -%}
            {%- do readings.append('cast(' ~ other ~ ' as ' ~ (dbt.type_string() if column.data_type == 'varchar' else column.data_type) ~ ')') -%}
        {%- elif named -%}
            {%- do readings.append(read_column(named)) -%}
        {%- else -%}
            {%- do readings.append(other) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ readings[0] if readings | length == 1 else 'coalesce(' ~ readings | join(', ') ~ ')' }}
{%- endmacro %}

{# A column of the contract as it is read. A time by the clock of a device is put right by how long before sending it was: the device's clock
   may be wrong, but is the same for both (Snowplow's derived timestamp). #}
{% macro read_column(column) -%}
    {%- set plain = read_as(column.name, column.data_type, column.meta) -%}
    {%- if column.meta.device_clock -%}
        {%- set sent = read_timestamp(column.meta.device_clock.sent) -%}
        {%- set received = read_timestamp(column.meta.device_clock.received) -%}
        {#- Between 1900 and 2200, where no sum leaves what a timestamp can hold. #}
        case
            when least({{ sent }}, {{ plain }}) >= timestamp '1900-01-01 00:00:00' and greatest({{ sent }}, {{ plain }}) < timestamp '2200-01-01 00:00:00'
                then coalesce({{ received }} - ({{ sent }} - {{ plain }}), {{ plain }})
            else {{ plain }}
        end
    {%- else -%}
        {{ plain }}
    {%- endif -%}
{%- endmacro %}

{% macro read_as(name, data_type, meta) -%}
    {%- set text = "nullif(trim(" ~ name ~ "), '')" -%}
    {%- if data_type == 'varchar' and meta.accepted -%}
        lower({{ text }})
    {%- elif data_type == 'varchar' -%}
        {{ text }}
    {%- elif data_type == 'timestamp' -%}
        {{ read_timestamp(name) }}
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

{# All that is wrong with a landed row, in words, or null. Values of personal columns are not repeated.
   The words are put together only for rows with which something is wrong: they cost ten times what the test costs. #}
{% macro contract_violations(name) -%}
    {%- set faults = [] -%}
    {%- for column in contract_of(name) -%}
        {%- set text = "nullif(trim(" ~ column.name ~ "), '')" -%}
        {%- set typed = read_column(column) -%}
        {#- Of a time that was put right, what it was judged by. #}
        {%- set said = "coalesce(cast(" ~ typed ~ " as " ~ dbt.type_string() ~ "), " ~ text ~ ")" if column.meta.device_clock else text -%}
        {%- set shown = "''" if 'personal_data' in column.tags else "': ' || left(" ~ said ~ ", 60)" -%}
        {%- if column.meta.required -%}
            {%- do faults.append([column.name, text ~ " is null", "is required and missing", "''"]) -%}
        {%- endif -%}
        {%- if column.data_type != 'varchar' -%}
            {%- do faults.append([column.name, "trim(" ~ column.name ~ ") != '' and " ~ typed ~ " is null", "cannot be read as " ~ column.data_type, shown]) -%}
        {%- else -%}
            {%- do faults.append([column.name, "length(" ~ column.name ~ ") > 65536", "is longer than 65,536 characters", "''"]) -%}
        {%- endif -%}
        {%- if column.meta.accepted -%}
            {%- do faults.append([column.name, typed ~ " not in ('" ~ column.meta.accepted | join("', '") ~ "')", "is none of " ~ column.meta.accepted | join(", "), shown]) -%}
        {%- endif -%}
        {%- if column.meta.min is defined and column.meta.min is not none -%}
            {%- do faults.append([column.name, typed ~ " < " ~ column.meta.min, "is below " ~ column.meta.min, shown]) -%}
        {%- endif -%}
        {%- if column.meta.max is defined and column.meta.max is not none -%}
            {%- do faults.append([column.name, typed ~ " > " ~ column.meta.max, "is above " ~ column.meta.max, shown]) -%}
        {%- endif -%}
        {%- if (column.meta.unit or '').startswith('currency') -%}
            {%- do faults.append([column.name, "abs(" ~ typed ~ ") > " ~ largest_amount(), "is more money than " ~ "{:,}".format(largest_amount()), shown]) -%}
        {%- endif -%}
        {%- set bound = largest_measure(column) -%}
        {%- if bound -%}
            {%- do faults.append([column.name, "abs(" ~ typed ~ ") > " ~ bound, "is above " ~ "{:,}".format(bound), shown]) -%}
        {%- endif -%}
        {#- A mark is judged by its own scale: that of its kind, or the one that the row names. #}
        {%- if column.meta.scales -%}
            {%- set kind = "lower(nullif(trim(" ~ column.meta.scales.by ~ "), ''))" -%}
            {%- for name, ends in column.meta.scales.of.items() -%}
                {%- do faults.append([column.name, kind ~ " = '" ~ name ~ "' and (" ~ typed ~ " < " ~ ends[0] ~ " or " ~ typed ~ " > " ~ ends[1] ~ ")", "is not on the scale of " ~ name ~ " (" ~ ends[0] ~ " to " ~ ends[1] ~ ")", shown]) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- if column.meta.best -%}
            {%- set best = read_column(contract_of(name) | selectattr('name', 'equalto', column.meta.best.column) | first) -%}
            {%- do faults.append([column.name, typed ~ " > coalesce(" ~ best ~ ", " ~ column.meta.best.otherwise ~ ")", "is above the best mark of its scale", shown]) -%}
        {%- endif -%}
        {%- if column.data_type == 'timestamp' -%}
            {%- do faults.append([column.name, typed ~ " < timestamp '1900-01-01 00:00:00' ", "lies before 1900", shown]) -%}
        {%- endif -%}
        {%- if column.data_type == 'timestamp' and not column.meta.past_only -%}
            {%- do faults.append([column.name, typed ~ " > " ~ dbt.dateadd('year', 50, 'loaded_at'), "lies more than 50 years ahead", shown]) -%}
        {%- endif -%}
        {%- if column.meta.late_after and var(column.meta.late_after.days) is not none -%}
            {%- set since = read_column(contract_of(name) | selectattr('name', 'equalto', column.meta.late_after.since) | first) -%}
            {#- A time beyond 2200 has a fault of its own, and days added to the last there is would leave what a timestamp can hold. #}
            {%- set latest = dbt.dateadd('day', var(column.meta.late_after.days), "least(" ~ since ~ ", timestamp '2200-01-01 00:00:00')") -%}
            {%- do faults.append([column.name, typed ~ " > " ~ latest, "is more than " ~ var(column.meta.late_after.days) ~ " days after " ~ column.meta.late_after.since, shown]) -%}
        {%- endif -%}
        {%- if column.meta.past_only -%}
            {%- do faults.append([column.name, typed ~ " > " ~ dbt.dateadd('hour', var('future_tolerance_hours'), 'loaded_at'), "lies in the future of the load", shown]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for names in one_of(name) -%}
        {%- do faults.append([names | join(' or '), "coalesce(nullif(trim(" ~ names | join("), ''), nullif(trim(") ~ "), '')) is null", "is required and missing", "''"]) -%}
    {%- endfor -%}
    {%- if not faults %}null{% else %}
    case
        when
            {%- for column, condition, _, _ in faults %}
            coalesce({{ condition }}, false){{ ' or' if not loop.last }}
            {%- endfor %}
            then concat_ws('; '
            {%- for column, condition, words, shown in faults -%}
                , case when {{ condition }} then '{{ column }} {{ words }}' || {{ shown }} end
            {%- endfor -%}
            )
    end
    {%- endif -%}
{%- endmacro %}

{# The largest amount of money a column may hold, in any currency: a thousand thousand millions. Sums and rates leave room above it. #}
{% macro largest_amount() -%}
    {{ return(1000000000000) }}
{%- endmacro %}

{# The largest number a column without a bound of its own may hold, or none. A duration is at most fifty years, so that a time that was put into its
   column is found and seconds of it can be added to a time; anything else leaves room for sums. #}
{% macro largest_measure(column) -%}
    {%- set durations = {'days': 18262, 'hours': 438288, 'minutes': 26297280, 'seconds': 1577836800, 'milliseconds': 1577836800000} -%}
    {%- if column.meta.unit in durations -%}
        {{ return(durations[column.meta.unit]) }}
    {%- elif column.data_type in ('bigint', 'double') and column.meta.max is not defined -%}
        {{ return(100000000000) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{# The row as it came, as JSON, for the quarantine. #}
{% macro landed_record(name) -%}
    {{ json_object(contract_of(name) | map(attribute='name') | list) }}
{%- endmacro %}

{# Order that puts the version of a row first which counts: the source's own time of change, else file name and line. #}
{% macro latest_version_first() -%}
    updated_at desc nulls last, source_file desc, source_line desc
{%- endmacro %}
