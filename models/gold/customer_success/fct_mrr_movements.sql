-- Grain: one row per account and month, with what is worth grouping by and what was twelve months before.
with movements as (
    select
        movements.*,
        -- Every account has a row for every month since its first, so twelve rows back are twelve months back.
        coalesce(lag(closing_mrr, 12) over (partition by customer_id order by month), 0) as mrr_12m_ago,
        sum(closing_mrr) over (partition by customer_id order by month rows between unbounded preceding and current row) as revenue_to_date
    from {{ ref('silver__mrr_movements') }} as movements
)

select
    movements.customer_id,
    movements.month,
    accounts.customer_tier,
    accounts.industry,
    coalesce(accounts.country, 'Unknown') as country,
    coalesce(accounts.csm_owner, 'nobody named') as csm_owner,
    coalesce(accounts.acquisition_channel, 'Unknown') as acquisition_channel,
    movements.is_complete,
    movements.opening_mrr,
    movements.new_mrr,
    movements.expansion_mrr,
    movements.contraction_mrr,
    movements.churned_mrr,
    movements.reactivation_mrr,
    movements.closing_mrr,
    movements.mrr_12m_ago,
    cast(case when movements.mrr_12m_ago > 0 then movements.closing_mrr else 0 end as decimal(18, 4)) as mrr_of_12m_ago_now,
    cast(case when movements.closing_mrr < movements.mrr_12m_ago then movements.closing_mrr else movements.mrr_12m_ago end as decimal(18, 4))
        as mrr_of_12m_ago_kept,
    cast(movements.revenue_to_date as decimal(18, 4)) as revenue_to_date,
    movements.paid_subscriptions
from movements
inner join {{ ref('silver__accounts') }} as accounts
    on movements.customer_id = accounts.customer_id
