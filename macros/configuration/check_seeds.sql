{# Stops the run before its first model if a seed, which people edit by hand, has a line that cannot be read (see ingestion/seeds.py). #}
{% macro check_seeds() -%}
    {% if execute and flags.WHICH in ['run', 'build', 'seed', 'run-operation'] and build_part() in ['', 'first'] %}
        {% set problem = run_query("select check_seeds()").columns[0].values()[0] %}
        {% if problem %}
            {{ stop(problem) }}
        {% endif %}
    {% endif %}
{%- endmacro %}
