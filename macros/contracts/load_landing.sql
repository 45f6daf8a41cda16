{# Loads what is new in the landing folder before the first model (see ingestion/landing.py). A run in parts loads once: what arrives
   meanwhile waits for the next. #}
{% macro load_landing() -%}
    {% if execute and flags.WHICH in ['run', 'build'] and build_part() in ['', 'first'] %}
        {% set report = fromjson(run_query("select ingest_landing('')").columns[0].values()[0]) %}
        {% if report.error %}
            {{ stop(report.error) }}
        {% endif %}
        {{ log("Landing: load " ~ report.load_id ~ ", " ~ report.files_loaded ~ " new files with " ~ report.rows_landed ~ " rows, " ~ report.files_set_aside ~ " files set aside, " ~ report.seconds ~ " s", info=true) }}
    {% endif %}
{%- endmacro %}
