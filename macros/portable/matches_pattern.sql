{# Whether a pattern (an SQL expression) is found anywhere in a text. Write classes as [.] and [0-9]: a backslash is read differently. #}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern', 'customer_analytics')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_pattern(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches_pattern(text, pattern) -%}
    ({{ text }} rlike {{ pattern }})
{%- endmacro %}
