-- Grain: one row per account and day of silver.account_daily: whether it was there to be lost, and when it decided to leave and left.
-- An account has decided to leave when it has given notice of everything, or is no customer any more.
{{ config(materialized='view') }}
with leaving as (
    select
        customer_id,
        date_day,
        mrr,
        -- A trial that is not taken up is no customer lost. Where no subscription was ever on record, any customer counts.
        is_customer and (mrr > 0 or subscriptions_begun = 0) as is_paying,
        is_customer,
        not is_customer or (mrr > 0 and notice_mrr >= mrr) as has_decided
    from {{ ref('silver__account_daily') }}
)

select
    customer_id,
    date_day,
    mrr,
    is_paying and not has_decided as is_observed,
    min(case when has_decided then date_day end) over ahead as decides_on,
    min(case when not is_customer then date_day end) over ahead as leaves_on
from leaving
window ahead as (partition by customer_id order by date_day rows between 1 following and unbounded following)
