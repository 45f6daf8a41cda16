{# Takes out the sessions of the visitors whom a new load touches, and leaves behind who they are: those of its events, and those of earlier
   versions of the same events. A version that broke the contract may name a visitor as well, who is then rebuilt for nothing: to read a
   name is much cheaper than to judge every row that ever came in. #}
{% macro begin_sessions() -%}
    {%- if is_building() and is_incremental() -%}
        {%- set fresh -%}
            select event_id, source_system, coalesce(visitor_id, user_id) as visitor_id
            from {{ ref('bronze__customer_events') }}
            where load_id > (select coalesce(max(stored.load_id), 0) from {{ this }} as stored)
        {%- endset -%}
        {% do step_table('events_touched', fresh) %}
        {%- set touched -%}
            select visitor_id from events_touched where visitor_id is not null
            union
            select coalesce(versions.visitor_id, versions.user_id)
            from {{ ref('staging__customer_events') }} as versions
            where
                coalesce(versions.visitor_id, versions.user_id) is not null
                and exists (
                    select 1
                    from events_touched
                    where events_touched.event_id = versions.event_id and events_touched.source_system = versions.source_system
                )
        {%- endset -%}
        {% do step_table('visitors_touched', touched) %}
        {% do run_query('delete from ' ~ this ~ ' where visitor_id in (select visitor_id from visitors_touched)') %}
    {%- endif -%}
{%- endmacro %}

{# Takes away what begin_sessions has left behind. #}
{% macro end_sessions() -%}
    {%- if is_building() and is_incremental() -%}
        {% do drop_step_tables(['events_touched', 'visitors_touched']) %}
    {%- endif -%}
{%- endmacro %}
