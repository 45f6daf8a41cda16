-- Grain: one row per contact with a person over all channels, up to as_of; contacts of nobody known are in here too.
select
    interactions.interaction_key,
    interactions.origin,
    interactions.source_system,
    interactions.source_id,
    interactions.golden_customer_id,
    members.household_id,
    interactions.record_key,
    interactions.customer_id,
    interactions.occurred_at,
    cast(interactions.occurred_at as date) as date_day,
    interactions.channel,
    interactions.direction,
    interactions.is_sign_of_life,
    interactions.interaction_type,
    interactions.duration_seconds,
    interactions.outcome,
    interactions.agent_id,
    interactions.campaign_id,
    interactions.satisfaction_ratio,
    interactions.source_file,
    interactions.source_line
from {{ ref('silver__interactions') }} as interactions
left join {{ ref('silver__household_members') }} as members
    on interactions.golden_customer_id = members.golden_customer_id
