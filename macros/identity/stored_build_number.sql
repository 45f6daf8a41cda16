{# The newest build of components that a table derived from them has seen; 0 if it is to be made anew. #}
{% macro stored_build_number() -%}
    {%- set stored = load_cached_relation(this) if execute else none -%}
    {%- if stored is none or should_full_refresh() -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return(number_from('select max(build_number) from ' ~ stored)) }}
{%- endmacro %}
