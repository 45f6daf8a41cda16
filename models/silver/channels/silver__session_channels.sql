-- Grain: one row per session, with the channel that its traffic source belongs to.
{{ config(materialized='view') }}

select
    sessions.session_id,
    sources.channel_group,
    sources.source,
    sources.medium,
    sources.campaign,
    sources.rule_priority,
    sessions.traffic_source_id
from {{ ref('silver__sessions') }} as sessions
left join {{ ref('silver__traffic_sources') }} as sources
    on sessions.traffic_source_id = sources.traffic_source_id
