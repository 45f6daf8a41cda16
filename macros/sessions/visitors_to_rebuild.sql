{# Visitors whose sessions a new load touches: those of its events, and those of earlier versions of the same events. #}
{% macro visitors_to_rebuild() -%}
    select distinct coalesce(versions.visitor_id, versions.user_id) as visitor_id
    from {{ ref('staging__customer_events') }} as versions
    where versions.violations is null
        and exists (
            select 1
            from {{ ref('bronze__customer_events') }} as fresh
            where fresh.event_id = versions.event_id
                and fresh.source_system = versions.source_system
                and fresh.load_id > (select coalesce(max(stored.load_id), 0) from {{ this }} as stored)
        )
{%- endmacro %}
