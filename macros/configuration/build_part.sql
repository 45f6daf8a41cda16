{#
    Which part of a run in parts this build is: 'first' (up to what the first Python step reads), 'middle', 'last' (the rest), '' (a build of its own).
    The plugin says so and not a variable: dbt reads the whole project anew when a variable changes.
#}
{% macro build_part() -%}
    {{ return(run_query("select build_part()").columns[0].values()[0]) }}
{%- endmacro %}
