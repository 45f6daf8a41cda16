{# Text by which the records of a person sort: the one that came first, first. The record key stands from the 39th character on. #}
{% macro precedence(first_load_id, created_at, record_key) -%}
    lpad(cast({{ first_load_id }} as {{ dbt.type_string() }}), 12, '0')
    || rpad(coalesce(cast({{ created_at }} as {{ dbt.type_string() }}), '9999'), 26, ' ')
    || {{ record_key }}
{%- endmacro %}
