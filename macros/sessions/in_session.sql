{# SQL that is true if an event lies in a session. Sessions of a tracker may overlap, so its own id tells them apart. #}
{% macro in_session(events, sessions) -%}
    {{ events }}.visitor_id = {{ sessions }}.visitor_id
    and {{ events }}.occurred_at >= {{ sessions }}.started_at
    and {{ events }}.occurred_at <= {{ sessions }}.ended_at
    {%- if var('session_by') == 'tracker' %}
    and coalesce({{ events }}.tracker_session_id, '') = coalesce({{ sessions }}.tracker_session_id, '')
    {%- endif %}
{%- endmacro %}
