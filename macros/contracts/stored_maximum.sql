{# The largest whole number in a column of the table that is brought up to date, as a literal: compared with it, rows of older loads are
   left out where they are read, before anything is worked out of them. #}
{% macro stored_maximum(column) -%}
    {%- set stored = load_cached_relation(this) if execute and is_incremental() else none -%}
    {{ return(number_from('select max(' ~ column ~ ') from ' ~ stored) if stored is not none else 0) }}
{%- endmacro %}
