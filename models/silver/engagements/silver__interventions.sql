-- Grain: one row per intervention begun up to as_of.
select
    interventions.source_system,
    interventions.intervention_id,
    account_map.customer_id,
    interventions.intervention_type,
    interventions.started_at,
    case when interventions.ended_at <= build.as_of then interventions.ended_at end as ended_at,
    interventions.reason,
    case when interventions.ended_at <= build.as_of then interventions.outcome end as outcome,
    interventions.csm_owner,
    interventions.source_file,
    interventions.source_line
from {{ ref('bronze__interventions') }} as interventions
inner join {{ ref('silver__account_map') }} as account_map
    on interventions.source_system = account_map.source_system and interventions.customer_id = account_map.source_customer_id
inner join {{ ref('silver__accounts') }} as accounts
    on account_map.customer_id = accounts.customer_id
cross join {{ ref('silver__as_of') }} as build
where
    not coalesce(interventions.is_test, false)
    and not coalesce(interventions.is_deleted, false)
    and not account_map.is_left_out
    and interventions.started_at <= build.as_of
