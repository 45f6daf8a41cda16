{# Text to a timestamp in UTC: ISO 8601 with or without offset, a date, or seconds or milliseconds since 1970. Null if it is none of them. #}
{% macro read_timestamp(text) -%}
    {{ return(adapter.dispatch('read_timestamp', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__read_timestamp(text) -%}
    coalesce(
        try_cast({{ text }} as timestamp with time zone) at time zone 'UTC',
        case
            when length(trim({{ text }})) = 10 then epoch_ms(try_cast({{ text }} as bigint) * 1000)
            when length(trim({{ text }})) = 13 then epoch_ms(try_cast({{ text }} as bigint))
        end
    )
{%- endmacro %}

{% macro spark__read_timestamp(text) -%}
    coalesce(
        try_cast(replace(trim({{ text }}), ' UTC', '') as timestamp),
        case
            when length(trim({{ text }})) = 10 then timestamp_seconds(try_cast({{ text }} as bigint))
            when length(trim({{ text }})) = 13 then timestamp_millis(try_cast({{ text }} as bigint))
        end
    )
{%- endmacro %}
