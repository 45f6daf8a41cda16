{# Text to a whole number; '4.0' is one, '4.5' is not (a plain cast would round it). #}
{% macro read_whole_number(text) -%}
    case
        when try_cast({{ text }} as decimal(28, 6)) = floor(try_cast({{ text }} as decimal(28, 6)))
            then try_cast(try_cast({{ text }} as decimal(28, 6)) as bigint)
    end
{%- endmacro %}
