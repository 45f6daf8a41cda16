-- Wrong if the movements of a month do not lead from its opening to its closing, a month opens with something else than the last one
-- closed with, or a month is missing before the one of as_of.
with followed as (
    select
        movements.*,
        lag(month) over (partition by customer_id order by month) as previous_month,
        lag(closing_mrr) over (partition by customer_id order by month) as previous_closing,
        max(month) over (partition by customer_id) as last_month
    from {{ ref('silver__mrr_movements') }} as movements
)

select
    followed.customer_id,
    followed.month,
    followed.opening_mrr,
    followed.closing_mrr,
    followed.previous_closing
from followed
cross join {{ ref('silver__as_of') }} as build
where
    followed.opening_mrr
    + followed.new_mrr
    + followed.expansion_mrr
    + followed.contraction_mrr
    + followed.churned_mrr
    + followed.reactivation_mrr
    != followed.closing_mrr
    or followed.opening_mrr != coalesce(followed.previous_closing, 0)
    or followed.month != cast({{ dbt.dateadd('month', 1, 'followed.previous_month') }} as date)
    or followed.last_month != cast(date_trunc('month', build.as_of) as date)
