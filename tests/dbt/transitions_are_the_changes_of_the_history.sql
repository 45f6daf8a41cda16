-- Wrong if a transition leads from or to another stage than the history says, or does not say how long the stage before lasted.
select
    coalesce(transitions.golden_customer_id, history.golden_customer_id) as golden_customer_id,
    coalesce(transitions.transition_at, history.valid_from) as transition_at
from {{ ref('fct_lifecycle_transitions') }} as transitions
full outer join {{ ref('silver__lifecycle_history') }} as history
    on transitions.golden_customer_id = history.golden_customer_id and transitions.transition_at = history.valid_from
left join {{ ref('silver__lifecycle_history') }} as before
    on transitions.golden_customer_id = before.golden_customer_id and transitions.transition_at = before.valid_to
where
    transitions.transition_id is null
    or history.golden_customer_id is null
    or transitions.to_stage != history.lifecycle_stage
    or coalesce(transitions.from_stage, '') != coalesce(before.lifecycle_stage, '')
    or coalesce(transitions.days_in_from_stage, -1) != coalesce(before.duration_days, -1)
