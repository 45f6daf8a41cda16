{# Text to a number; 'nan' and 'inf' are none. #}
{% macro read_finite_number(text) -%}
    case when lower({{ text }}) not in ('nan', '-nan', 'inf', '-inf', '+inf', 'infinity', '-infinity', '+infinity') then try_cast({{ text }} as double) end
{%- endmacro %}
