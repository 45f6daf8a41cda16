-- Grain: one row per journey, event and stage of the journey that the event fits (stage 0: the event that ends it unfinished).
with conditions as (
    select
        journey_id,
        stage_number,
        event_name,
        page_url_like,
        property_name,
        property_value
    from {{ ref('silver__journey_definitions') }}
    where problem is null
    union all
    select
        journey_id,
        0 as stage_number,
        exit_event_name as event_name,
        cast(null as {{ dbt.type_string() }}) as page_url_like,
        cast(null as {{ dbt.type_string() }}) as property_name,
        cast(null as {{ dbt.type_string() }}) as property_value
    from {{ ref('silver__journey_definitions') }}
    where problem is null and stage_number = 1 and exit_event_name is not null
),

fitting as (
    select
        conditions.journey_id,
        conditions.stage_number,
        events.source_system,
        events.event_id,
        events.event_name,
        events.occurred_at,
        events.visitor_id,
        events.user_id,
        events.device_type,
        events.platform,
        events.country
    from {{ ref('silver__cleansed_events') }} as events
    inner join conditions
        on events.event_name = conditions.event_name
    where
        events.visitor_id is not null
        and not events.is_robot
        and not events.is_internal
        and (conditions.page_url_like is null or events.page_url like conditions.page_url_like escape '!')
        and (
            conditions.property_name is null
            or conditions.property_value = case conditions.property_name
                when 'feature_name' then events.feature_name
                when 'platform' then events.platform
                when 'device_type' then events.device_type
                when 'country' then events.country
                when 'utm_source' then events.utm_source
                when 'utm_medium' then events.utm_medium
                when 'utm_campaign' then events.utm_campaign
                else {{ json_property_text('events.properties', 'conditions.property_name') }}
            end
        )
),

owned as (
    select
        fitting.*,
        users.golden_customer_id,
        {{ person_key('users.golden_customer_id', 'coalesce(fitting.user_id, people.user_id)', 'fitting.visitor_id') }} as person_key
    from fitting
    left join {{ ref('silver__visitor_people') }} as people
        on {{ taken_for('fitting', 'people', 'occurred_at') }}
    left join {{ ref('silver__users') }} as users
        on coalesce(fitting.user_id, people.user_id) = users.user_id
    -- Staff who were not logged in yet.
    left join {{ ref('silver__staff') }} as staff
        on people.user_id = staff.user_id
    where staff.user_id is null
)

select
    journey_id,
    person_key,
    golden_customer_id,
    stage_number,
    -- Events of one moment follow each other in the order of their ids.
    cast(dense_rank() over (partition by journey_id, person_key order by occurred_at, event_id, source_system) as bigint) as event_place,
    occurred_at,
    source_system,
    event_id,
    event_name,
    visitor_id,
    device_type,
    platform,
    country
from owned
