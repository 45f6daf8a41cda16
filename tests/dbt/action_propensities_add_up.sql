-- Wrong if the propensities of what could have been chosen for an account in a week do not add up to 1, or not exactly one was chosen.
select
    customer_id,
    decision_week,
    sum(propensity) as added_up,
    sum(case when is_chosen then 1 else 0 end) as chosen
from {{ ref('action_decisions') }}
group by customer_id, decision_week
having abs(sum(propensity) - 1) > 1e-9 or sum(case when is_chosen then 1 else 0 end) != 1
