{# Whether a user agent is a robot's by the seed robot_agents, as one condition with one pattern. What an exception matches (a phone
   called Cubot) is taken out before the text is looked at. Null if there is no user agent. The patterns are read when the model is
   compiled, for a pattern that stands in a column is compiled anew for every row. #}
{% macro is_robot_agent(user_agent) -%}
    {%- if not execute -%}
        {%- do ref('robot_agents') -%}
        {{ return('false') }}
    {%- endif -%}
    {%- set seed = graph.nodes['seed.' ~ project_name ~ '.robot_agents'] -%}
    {%- set relation = adapter.get_relation(database=seed.database, schema=seed.schema, identifier=seed.alias) -%}
    {%- if relation is none -%}
        {{ return('false') }}
    {%- endif -%}
    {%- set rows = run_query('select pattern, is_exception from ' ~ relation ~ ' where pattern is not null order by pattern').rows -%}
    {%- set robots = rows | rejectattr(1) | map(attribute=0) | join('|') | replace("'", "''") -%}
    {%- set exceptions = rows | selectattr(1) | map(attribute=0) | join('|') | replace("'", "''") -%}
    {%- set text = "lower(" ~ user_agent ~ ")" -%}
    {%- if exceptions -%}
        {%- set text = without_pattern(text, exceptions) -%}
    {%- endif -%}
    {{ return(matches_pattern(text, "'" ~ robots ~ "'") if robots else 'false') }}
{%- endmacro %}

{# Whether somebody on this platform with this user agent is a robot; false where nothing says so. What a back end sends calls itself a
   program and is none that we mean. #}
{% macro is_robot_on(platform, user_agent) -%}
    (coalesce({{ platform }}, '') != 'server' and coalesce({{ is_robot_agent(user_agent) }}, false))
{%- endmacro %}
