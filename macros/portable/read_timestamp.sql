{# Text to a timestamp in UTC: ISO 8601 with or without offset, a date, or seconds or milliseconds since 1970. Null if it is none of them. #}
{% macro read_timestamp(text) -%}
    {{ return(adapter.dispatch('read_timestamp', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__read_timestamp(text) -%}
    case
        when {{ text }} similar to '[0-9]{10}' then epoch_ms(cast({{ text }} as bigint) * 1000)
        when {{ text }} similar to '[0-9]{13}' then epoch_ms(cast({{ text }} as bigint))
        when {{ text }} similar to '[12][0-9]{3}-.*'
            then try_cast(replace({{ text }}, ' UTC', '') as timestamp with time zone) at time zone 'UTC'
    end
{%- endmacro %}

{% macro spark__read_timestamp(text) -%}
    case
        when {{ text }} rlike '^[0-9]{10}$' then timestamp_seconds(cast({{ text }} as bigint))
        when {{ text }} rlike '^[0-9]{13}$' then timestamp_millis(cast({{ text }} as bigint))
        when {{ text }} rlike '^[12][0-9]{3}-.*' then try_cast(replace({{ text }}, ' UTC', '') as timestamp)
    end
{%- endmacro %}
