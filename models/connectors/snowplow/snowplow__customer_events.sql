-- Grain: one row per landed row of Snowplow's enriched events.
-- `derived_tstamp` is Snowplow's own correction of the device's clock. A page ping stands for the tracker's default heartbeat of 10 s.
select
    landed_file_id,
    landed_line,
    event_id,
    coalesce(nullif(event_name, ''), event) as event_name,
    coalesce(nullif(true_tstamp, ''), nullif(derived_tstamp, ''), nullif(collector_tstamp, '')) as occurred_at,
    collector_tstamp as received_at,
    domain_userid as visitor_id,
    user_id,
    domain_sessionid as tracker_session_id,
    platform,
    page_url,
    page_title,
    page_referrer as referrer_url,
    mkt_source as utm_source,
    mkt_medium as utm_medium,
    mkt_campaign as utm_campaign,
    case
        when nullif(dvce_type, '') is not null then lower(dvce_type)
        when lower(dvce_ismobile) in ('true', '1') then 'mobile'
        when lower(dvce_ismobile) in ('false', '0') then 'desktop'
    end as device_type,
    geo_country as country,
    case
        when replace(contexts_com_iab_snowplow_spiders_and_robots_1_0_0, ' ', '') like '%"spiderOrRobot":true%' then 'true'
        when replace(contexts_com_iab_snowplow_spiders_and_robots_1_0_0, ' ', '') like '%"spider_or_robot":true%' then 'true'
        when nullif(contexts_com_iab_snowplow_spiders_and_robots_1_0_0, '') is not null then 'false'
    end as is_bot,
    case when coalesce(nullif(event_name, ''), event) = 'page_ping' then 'true' else 'false' end as is_heartbeat,
    case when coalesce(nullif(event_name, ''), event) = 'page_ping' then '10' end as heartbeat_seconds,
    case
        when nullif(se_action, '') is not null then {{ json_object(['se_category', 'se_action', 'se_label', 'se_property', 'se_value']) }}
    end as properties
from {{ source('snowplow', 'events') }}
