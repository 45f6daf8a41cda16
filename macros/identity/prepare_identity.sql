{# The tables of the matching step are there before the first model, empty, so that a build alone gives the deterministic golden record. #}
{% macro prepare_identity() -%}
    {% if execute and flags.WHICH in ['run', 'build', 'test'] %}
        {% do run_query("select prepare_identity()") %}
    {% endif %}
{%- endmacro %}
