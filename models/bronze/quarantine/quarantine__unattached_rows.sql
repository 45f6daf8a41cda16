-- Grain: one row per landed row that describes a row of another table which never came (an item of an unknown subscription).
{{ config(materialized='view') }}

{%- set ids = {'events': 'event_id'} %}
{% for system, table, parent, key in [
    ('snowplow', 'spider_context', 'events', 'root_id'),
    ('snowplow', 'yauaa_context', 'events', 'root_id'),
    ('snowplow', 'ua_parser_context', 'events', 'root_id'),
    ('stripe', 'subscription_item', 'subscription_history', 'subscription_id'),
    ('zendesk', 'ticket_field_history', 'ticket', 'ticket_id'),
    ('zendesk', 'ticket_comment', 'ticket', 'ticket_id'),
] -%}
select
    files.source_system,
    files.source_table,
    files.source_file,
    landed.landed_line as source_line,
    'no row of {{ parent }} with {{ ids.get(parent, 'id') }} ' || coalesce(landed.{{ key }}, '(empty)') as reason,
    landed.{{ key }} as parent_id,
    files.load_id
from {{ source(system, table) }} as landed
inner join {{ source('landing', 'files') }} as files
    on landed.landed_file_id = files.file_id
where
    not exists (
        select 1
        from {{ source(system, parent) }} as parent
        where parent.{{ ids.get(parent, 'id') }} = landed.{{ key }}
    )
{{ 'union all' if not loop.last }}
{% endfor %}
