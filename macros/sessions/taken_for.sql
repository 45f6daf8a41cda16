{# SQL that is true if somebody who is not logged in is taken for a login at that moment: joins rows to silver__visitor_people. #}
{% macro taken_for(rows, people, moment) -%}
    {{ rows }}.user_id is null
    and {{ rows }}.visitor_id = {{ people }}.visitor_id
    and {{ rows }}.{{ moment }} > {{ people }}.valid_after
    and {{ rows }}.{{ moment }} <= {{ people }}.valid_until
{%- endmacro %}
