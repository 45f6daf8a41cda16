{# A raw value as a manager reads it: a ratio in whole per cent, anything else in whole numbers. #}
{% macro spoken_value(value, unit) -%}
    case
        when {{ unit }} = 'ratio' then cast(cast(round(100 * {{ value }}) as bigint) as {{ dbt.type_string() }}) || ' %'
        else cast(cast(round({{ value }}) as bigint) as {{ dbt.type_string() }})
    end
{%- endmacro %}
