{# Business seconds (variables business_hours_from and business_hours_to, UTC; Monday to Friday) from a Monday long ago up to a time. #}
{% macro business_seconds_since_monday(moment) -%}
    {%- set opens = var('business_hours_from') * 3600 -%}
    {%- set open_seconds = (var('business_hours_to') - var('business_hours_from')) * 3600 -%}
    {%- set days = dbt.datediff("date '1970-01-05'", moment, 'day') -%}
    {%- set weekday = '(' ~ days ~ ' - 7 * cast(floor(' ~ days ~ ' / 7.0) as bigint))' -%}
    (
        cast(floor({{ days }} / 7.0) as bigint) * 5 * {{ open_seconds }}
        + least({{ weekday }}, 5) * {{ open_seconds }}
        + case
            when {{ weekday }} < 5
                then greatest(0, least({{ seconds_between("cast(cast(" ~ moment ~ " as date) as timestamp)", moment) }} - {{ opens }}, {{ open_seconds }}))
            else 0
        end
    )
{%- endmacro %}
