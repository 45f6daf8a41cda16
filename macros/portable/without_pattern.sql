{# A text without whatever a pattern (plain text) matches in it. #}
{% macro without_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('without_pattern', 'customer_analytics')(text, pattern)) }}
{%- endmacro %}

{% macro default__without_pattern(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}

{% macro spark__without_pattern(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '')
{%- endmacro %}
