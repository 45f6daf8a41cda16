-- Wrong if the reasons that are told do not add up to those that the model gave: what the churn risk by rule adds is told by its signals, no more
-- and no less.
with told as (
    select
        horizon_days,
        customer_id,
        sum(contribution) as added_up
    from {{ ref('fct_churn_reasons') }}
    group by horizon_days, customer_id
),

given as (
    select
        horizon_days,
        customer_id,
        sum(contribution) as added_up
    from {{ source('churn', 'reasons') }}
    group by horizon_days, customer_id
)

select
    given.horizon_days,
    given.customer_id,
    given.added_up,
    told.added_up as told_added_up
from given
left join told
    on given.horizon_days = told.horizon_days and given.customer_id = told.customer_id
where told.added_up is null or abs(given.added_up - told.added_up) > 1e-9
