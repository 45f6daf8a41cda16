-- Grain: one row per instance of a journey that an outside tool reports, begun by as_of, with the person it is about.
with people as (
    select
        instances.source_system,
        instances.journey_instance_id as reported_instance_id,
        instances.journey_id,
        instances.visitor_id,
        coalesce(instances.user_id, visitor_people.user_id) as user_id,
        account_map.customer_id,
        {{ record_key('instances.origin_system', 'instances.source_record_id') }} as record_key,
        coalesce(identity_map.golden_customer_id, users.golden_customer_id) as golden_customer_id,
        instances.started_at,
        case when instances.ended_at <= build.as_of then instances.ended_at end as ended_at,
        -- What ended after as_of was open then.
        case when instances.ended_at > build.as_of then 'open' else instances.status end as status,
        instances.current_stage
    from {{ ref('bronze__journey_instances') }} as instances
    cross join {{ ref('silver__as_of') }} as build
    left join {{ ref('silver__visitor_people') }} as visitor_people
        on {{ taken_for('instances', 'visitor_people', 'started_at') }}
    left join {{ ref('silver__users') }} as users
        on coalesce(instances.user_id, visitor_people.user_id) = users.user_id
    left join {{ ref('silver__identity_map') }} as identity_map
        on instances.origin_system = identity_map.source_system and instances.source_record_id = identity_map.source_record_id
    left join {{ ref('silver__account_map') }} as account_map
        on instances.source_system = account_map.source_system and instances.customer_id = account_map.source_customer_id
    where instances.started_at <= build.as_of
)

select
    md5('reported|' || source_system || '|' || reported_instance_id) as journey_instance_id,
    source_system,
    reported_instance_id,
    journey_id,
    coalesce({{ person_key('golden_customer_id', 'user_id', 'visitor_id') }}, 'record:' || record_key, 'account:' || customer_id) as person_key,
    golden_customer_id,
    started_at,
    ended_at,
    status,
    current_stage
from people
