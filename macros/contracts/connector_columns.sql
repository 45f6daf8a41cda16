{# Small pieces that connectors share; everything stays text, since the contract does the reading. #}

{# 'true' for 'false' and the other way round; null stays null. #}
{% macro negated(column) -%}
    case when lower({{ column }}) in ('true', 't', '1') then 'false' when lower({{ column }}) in ('false', 'f', '0') then 'true' end
{%- endmacro %}

{# An amount in the smallest unit of its currency, in major units; text that is no number stays as it is. #}
{% macro major_units(column, minor_unit_digits) -%}
    coalesce(
        cast(cast({{ dbt.safe_cast(column, 'decimal(18, 4)') }} / power(10, coalesce({{ minor_unit_digits }}, 2)) as decimal(18, 4)) as {{ dbt.type_string() }}),
        {{ column }}
    )
{%- endmacro %}
