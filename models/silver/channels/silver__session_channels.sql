-- Grain: one row per session, with the channel that its traffic source belongs to.
{{ config(materialized='view') }}

select
    sessions.session_id,
    sources.channel_group,
    sources.source,
    sources.medium,
    sources.campaign,
    sources.rule_priority,
    sources.traffic_source_id
from {{ ref('silver__sessions') }} as sessions
left join {{ ref('silver__traffic_sources') }} as sources
    on {{ traffic_source_id(
        'sessions.entry_page_url', 'sessions.referrer_url', 'sessions.utm_source', 'sessions.utm_medium', 'sessions.utm_campaign'
    ) }} = sources.traffic_source_id
