{# dbt's own compiles to a plain cast on DuckDB, which stops the build at the first value that cannot be read. #}
{% macro duckdb__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ type }})
{%- endmacro %}
