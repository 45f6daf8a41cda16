{# The value unless the seed `placeholders`, joined under the name given, holds it. #}
{% macro unless_placeholder(value, placeholder) -%}
    case when {{ placeholder }}.value is null then {{ value }} end
{%- endmacro %}

{% macro join_placeholders(name, kind, value) -%}
    left join {{ ref('placeholders') }} as {{ name }}
        on {{ name }}.kind = '{{ kind }}' and {{ value }} = {{ name }}.value
{%- endmacro %}
