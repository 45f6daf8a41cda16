-- Wrong if the revenue of an account moves in two ways in one month, or is new twice in its life: growth would be counted twice.
select
    customer_id,
    month
from {{ ref('silver__mrr_movements') }}
group by customer_id, month
having
    sum(
        case when new_mrr != 0 then 1 else 0 end
        + case when expansion_mrr != 0 then 1 else 0 end
        + case when contraction_mrr != 0 then 1 else 0 end
        + case when churned_mrr != 0 then 1 else 0 end
        + case when reactivation_mrr != 0 then 1 else 0 end
    ) > 1
union all
select
    customer_id,
    max(month) as month
from {{ ref('silver__mrr_movements') }}
where new_mrr != 0
group by customer_id
having count(*) > 1
