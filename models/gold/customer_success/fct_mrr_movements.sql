-- Grain: one row per account and month, with what is worth grouping by.
select
    movements.customer_id,
    movements.month,
    accounts.customer_tier,
    accounts.industry,
    movements.opening_mrr,
    movements.new_mrr,
    movements.expansion_mrr,
    movements.contraction_mrr,
    movements.churned_mrr,
    movements.reactivation_mrr,
    movements.closing_mrr
from {{ ref('silver__mrr_movements') }} as movements
inner join {{ ref('silver__accounts') }} as accounts
    on movements.customer_id = accounts.customer_id
