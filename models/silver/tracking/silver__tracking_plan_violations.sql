-- Grain: one row per source_system, event_id, property, violation_type: what an event does that the tracking plan does not say.
-- A view: it is read once a build, to be counted, and by who looks for the events behind a count.
{{ config(materialized='view') }}

with plan as (
    select * from {{ ref('tracking_plan') }}
    where event_name is not null
),

planned_events as (
    select distinct event_name from plan
),

events as (
    select bronze.*
    from {{ ref('bronze__customer_events') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where bronze.occurred_at <= build.as_of
),

-- Without a plan nothing violates it.
unknown_events as (
    select
        events.source_system,
        events.event_id,
        events.event_name,
        events.occurred_at,
        cast(null as {{ dbt.type_string() }}) as property,
        'unknown_event' as violation_type
    from events
    where
        not exists (select 1 from planned_events where planned_events.event_name = events.event_name)
        and exists (select 1 from planned_events)
),

-- JSON's null says that there are none.
not_objects as (
    select
        events.source_system,
        events.event_id,
        events.event_name,
        events.occurred_at,
        cast(null as {{ dbt.type_string() }}) as property,
        'properties_not_an_object' as violation_type
    from events
    inner join planned_events
        on events.event_name = planned_events.event_name
    where not {{ is_json_object('events.properties') }} and trim(events.properties) != 'null'
),

unknown_properties as (
    select
        named.source_system,
        named.event_id,
        named.event_name,
        named.occurred_at,
        named.property,
        'unknown_property' as violation_type
    from (
        select
            events.source_system,
            events.event_id,
            events.event_name,
            events.occurred_at,
            {{ each_json_name('events.properties') }} as property
        from events
        where events.properties is not null
    ) as named
    inner join planned_events
        on named.event_name = planned_events.event_name
    left join plan
        on named.event_name = plan.event_name and named.property = plan.property
    where plan.event_name is null
),

-- A property is a column of the event contract, where it has one of that name, else it stands in the JSON. Contract columns have their type by contract.
looked_up as (
    select
        events.source_system,
        events.event_id,
        events.event_name,
        events.occurred_at,
        events.properties,
        plan.property,
        plan.is_required,
        plan.data_type,
        case plan.property
            when 'visitor_id' then events.visitor_id
            when 'user_id' then events.user_id
            when 'customer_id' then events.customer_id
            when 'tracker_session_id' then events.tracker_session_id
            when 'platform' then events.platform
            when 'feature_name' then events.feature_name
            when 'page_url' then events.page_url
            when 'page_title' then events.page_title
            when 'referrer_url' then events.referrer_url
            when 'utm_source' then events.utm_source
            when 'utm_medium' then events.utm_medium
            when 'utm_campaign' then events.utm_campaign
            when 'device_type' then events.device_type
            when 'country' then events.country
        end as column_value
    from events
    inner join plan
        on events.event_name = plan.event_name
    where plan.property is not null
),

typed as (
    select
        looked_up.*,
        case when column_value is null and properties is not null then {{ json_property_type('properties', 'property') }} end as json_type,
        case
            when data_type = 'timestamp' and column_value is null and properties is not null
                then {{ json_property_text('properties', 'property') }}
        end as json_text
    from looked_up
),

missing_or_wrong as (
    select
        source_system,
        event_id,
        event_name,
        occurred_at,
        property,
        case
            when column_value is null and json_type is null then 'missing_property'
            else 'wrong_type'
        end as violation_type
    from typed
    where
        column_value is null
        and case
            when json_type is null then coalesce(is_required, false)
            when data_type = 'timestamp' then json_type != 'string' or {{ read_timestamp('json_text') }} is null
            else coalesce(data_type, 'any') not in ('any', json_type)
        end
)

select * from unknown_events
union all
select * from not_objects
union all
select * from unknown_properties
union all
select * from missing_or_wrong
