-- Grain: one row per landed row of Snowplow's enriched events.
-- `derived_tstamp` is Snowplow's own correction of the device's clock; where an export lacks it, bronze makes the same of the device's times.
-- A page ping stands for the tracker's default heartbeat of 10 s.
-- Contexts that come as tables of their own may hold several rows of an event: one that says robot is enough.
with said as (
    select
        root_id,
        landed_file_id,
        case when lower(spider_or_robot) in ('true', 't', '1') then 1 when nullif(spider_or_robot, '') is not null then 0 end as is_robot,
        cast(null as {{ dbt.type_string() }}) as device_class
    from {{ source('snowplow', 'spider_context') }}
    union all
    select
        root_id,
        landed_file_id,
        case
            when lower(device_class) like 'robot%' or lower(agent_class) like 'robot%' then 1
            when coalesce(nullif(device_class, ''), nullif(agent_class, '')) is not null then 0
        end as is_robot,
        lower(device_class) as device_class
    from {{ source('snowplow', 'yauaa_context') }}
    union all
    select
        root_id,
        landed_file_id,
        case when lower(device_family) = 'spider' then 1 when nullif(device_family, '') is not null then 0 end as is_robot,
        cast(null as {{ dbt.type_string() }}) as device_class
    from {{ source('snowplow', 'ua_parser_context') }}
),

contexts as (
    select
        root_id,
        max(landed_file_id) as detail_file_id,
        max(is_robot) as context_is_robot,
        min(
            case
                when device_class = 'phone' then 'mobile'
                when device_class not in ('', 'unknown', 'anonymized', 'hacker', 'spy') and device_class not like 'robot%' then device_class
            end
        ) as context_device_type
    from said
    group by root_id
),

described as (
    select
        events.*,
        contexts.detail_file_id,
        contexts.context_is_robot,
        contexts.context_device_type
    from {{ source('snowplow', 'events') }} as events
    left join contexts
        on events.event_id = contexts.root_id
)

select
    landed_file_id,
    landed_line,
    detail_file_id,
    event_id,
    coalesce(nullif(event_name, ''), event) as event_name,
    coalesce(
        nullif(true_tstamp, ''), nullif(derived_tstamp, ''),
        case when nullif(dvce_sent_tstamp, '') is not null then nullif(dvce_created_tstamp, '') end, nullif(collector_tstamp, '')
    ) as occurred_at,
    collector_tstamp as received_at,
    case
        when coalesce(nullif(true_tstamp, ''), nullif(derived_tstamp, '')) is null and nullif(dvce_created_tstamp, '') is not null
            then nullif(dvce_sent_tstamp, '')
    end as sent_at,
    domain_userid as visitor_id,
    user_id,
    domain_sessionid as tracker_session_id,
    platform,
    page_url,
    {{ json_first_text('contexts_com_snowplowanalytics_snowplow_web_page_1_0_0', 'id') }} as page_view_id,
    page_title,
    page_referrer as referrer_url,
    mkt_source as utm_source,
    mkt_medium as utm_medium,
    mkt_campaign as utm_campaign,
    mkt_term as utm_term,
    mkt_content as utm_content,
    case when nullif(mkt_clickid, '') is not null then mkt_network || '=' || mkt_clickid end as click_id,
    useragent as user_agent,
    case
        when nullif(dvce_type, '') is not null then lower(dvce_type)
        when context_device_type is not null then context_device_type
        when lower(dvce_ismobile) in ('true', '1') then 'mobile'
        when lower(dvce_ismobile) in ('false', '0') then 'desktop'
    end as device_type,
    geo_country as country,
    case
        when replace(contexts_com_iab_snowplow_spiders_and_robots_1_0_0, ' ', '') like '%"spiderOrRobot":true%' then 'true'
        when replace(contexts_com_iab_snowplow_spiders_and_robots_1_0_0, ' ', '') like '%"spider_or_robot":true%' then 'true'
        when context_is_robot = 1 then 'true'
        when context_is_robot = 0 then 'false'
        when nullif(contexts_com_iab_snowplow_spiders_and_robots_1_0_0, '') is not null then 'false'
    end as is_bot,
    case when coalesce(nullif(event_name, ''), event) = 'page_ping' then 'true' else 'false' end as is_heartbeat,
    case when coalesce(nullif(event_name, ''), event) = 'page_ping' then '10' end as heartbeat_seconds,
    coalesce(nullif(tr_total, ''), nullif(se_value, '')) as event_value,
    nullif(tr_currency, '') as currency,
    case
        when nullif(se_action, '') is not null then {{ json_object(['se_category', 'se_action', 'se_label', 'se_property', 'se_value']) }}
    end as properties
from described
