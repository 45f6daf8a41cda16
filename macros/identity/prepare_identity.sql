{# What the probabilistic step fills is there before the first model, empty, so that a build alone gives the deterministic golden record. #}
{% macro prepare_identity() -%}
    {% if execute and flags.WHICH in ['run', 'build', 'test'] %}
        {% do run_query('create schema if not exists identity') %}
        {% do run_query(
            'create table if not exists identity.probabilistic_links (record_key_a ' ~ dbt.type_string() ~ ', record_key_b ' ~ dbt.type_string()
            ~ ', match_probability double, match_weight double, evidence ' ~ dbt.type_string() ~ ', model_id ' ~ dbt.type_string() ~ ')'
        ) %}
        {% do run_query(
            'create table if not exists identity.builds (model ' ~ dbt.type_string() ~ ', upstream ' ~ dbt.type_string()
            ~ ', build_number bigint, anew_number bigint, fingerprint ' ~ dbt.type_string() ~ ')'
        ) %}
    {% endif %}
{%- endmacro %}
