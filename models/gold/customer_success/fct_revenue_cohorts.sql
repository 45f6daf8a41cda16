-- Grain: one row per month of first revenue, tier and months since; the accounts of a cohort are the same in all of its rows.
with cohorts as (
    select
        customer_id,
        month as cohort_month,
        new_mrr as first_mrr
    from {{ ref('fct_mrr_movements') }}
    where new_mrr > 0
),

followed as (
    select
        cohorts.cohort_month,
        movements.customer_tier,
        movements.month,
        {{ dbt.datediff('cohorts.cohort_month', 'movements.month', 'month') }} as months_since,
        movements.is_complete,
        cohorts.first_mrr,
        movements.closing_mrr,
        -- What once was lost does not count as kept when it comes back.
        min(movements.closing_mrr) over (
            partition by movements.customer_id order by movements.month rows between unbounded preceding and current row
        ) as lowest_mrr,
        movements.revenue_to_date
    from cohorts
    inner join {{ ref('fct_mrr_movements') }} as movements
        on cohorts.customer_id = movements.customer_id and cohorts.cohort_month <= movements.month
)

select
    cohort_month,
    customer_tier,
    cast(months_since as bigint) as months_since,
    month,
    min(is_complete) as is_complete,
    count(*) as accounts,
    cast(sum(case when closing_mrr > 0 then 1 else 0 end) as bigint) as accounts_with_revenue,
    cast(sum(case when lowest_mrr > 0 then 1 else 0 end) as bigint) as accounts_never_lost,
    cast(sum(first_mrr) as decimal(28, 4)) as first_mrr,
    cast(sum(closing_mrr) as decimal(28, 4)) as closing_mrr,
    cast(sum(case when lowest_mrr < first_mrr then lowest_mrr else first_mrr end) as decimal(28, 4)) as kept_mrr,
    cast(sum(revenue_to_date) as decimal(28, 4)) as revenue_to_date
from followed
group by cohort_month, customer_tier, months_since, month
