-- Wrong if an account that something could be done for has no row in metrics.next_best_action, or is told something that may not be done.
select
    candidates.customer_id,
    candidates.action
from {{ ref('action_candidates') }} as candidates
left join {{ ref('next_best_action') }} as told
    on candidates.customer_id = told.customer_id
where told.customer_id is null or (candidates.action = told.action and not candidates.is_eligible)
