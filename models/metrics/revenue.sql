-- Grain: one row per month, over all accounts.
with failures as (
    select
        cast(date_trunc('month', first_failed_at) as date) as month,
        count(*) as failed_bills,
        cast(sum(amount_usd) as decimal(18, 4)) as failed_amount,
        cast(sum(case when recovery_state = 'recovered' then 1 else 0 end) as bigint) as recovered_bills,
        cast(sum(case when recovery_state = 'recovered' then amount_usd else 0 end) as decimal(18, 4)) as recovered_amount
    from {{ ref('fct_payment_recovery') }}
    group by cast(date_trunc('month', first_failed_at) as date)
),

revenue as (
    select
        movements.month,
        min(movements.is_complete) as is_complete,
        {{ revenue_figures() }}
    from {{ ref('fct_mrr_movements') }} as movements
    group by movements.month
)

select
    revenue.*,
    coalesce(failures.failed_bills, 0) as failed_bills,
    coalesce(failures.failed_amount, 0) as failed_amount,
    coalesce(failures.recovered_bills, 0) as recovered_bills,
    coalesce(failures.recovered_amount, 0) as recovered_amount,
    cast(failures.recovered_bills as double) / nullif(failures.failed_bills, 0) as recovery_rate
from revenue
left join failures
    on revenue.month = failures.month
