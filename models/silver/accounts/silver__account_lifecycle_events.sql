-- Grain: one row per source system and lifecycle event of an account up to as_of that the seed lifecycle_rules knows a stage for.
select
    events.source_system,
    events.lifecycle_event_id,
    account_map.customer_id,
    lower(events.event_type) as event_type,
    stages.to_stage,
    events.occurred_at,
    events.reason,
    events.source_file,
    events.source_line
from {{ ref('bronze__lifecycle_events') }} as events
inner join {{ ref('silver__account_map') }} as account_map
    on events.source_system = account_map.source_system and events.customer_id = account_map.source_customer_id
inner join {{ ref('lifecycle_rules') }} as stages
    on
        stages.rule_kind = 'recorded'
        and lower(events.event_type) = stages.trigger
cross join {{ ref('silver__as_of') }} as build
where not account_map.is_left_out and events.occurred_at <= build.as_of
