{# The tables of the Python steps are there before the first model, empty, so that a build alone gives the deterministic golden record. #}
{% macro prepare_steps() -%}
    {% if execute and flags.WHICH in ['run', 'build', 'test'] %}
        {% do run_query("select prepare_steps()") %}
        {% do run_query(
            'create table if not exists identity.builds (model ' ~ dbt.type_string() ~ ', upstream ' ~ dbt.type_string()
            ~ ', build_number bigint, anew_number bigint, fingerprint ' ~ dbt.type_string() ~ ')'
        ) %}
    {% endif %}
{%- endmacro %}
