{# Text by which the records of a person sort: the one that came first, first. The record key stands from the 39th character on. #}
{% macro precedence(records) -%}
    lpad(cast({{ records }}.first_load_id as {{ dbt.type_string() }}), 12, '0')
    || rpad(coalesce(cast({{ records }}.created_at as {{ dbt.type_string() }}), '9999'), 26, ' ')
    || {{ records }}.record_key
{%- endmacro %}
