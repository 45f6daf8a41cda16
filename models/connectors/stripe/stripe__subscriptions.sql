-- Grain: one row per landed row of Stripe's subscriptions.
-- The price is not on the subscription but on its items, each with a plan (older) or price (newer) of its own billing period;
-- their sum per month goes into `mrr`, so that items of different periods add up.
with prices as (
    select
        id,
        amount as amount_minor,
        currency,
        interval as billing_interval,
        interval_count as billing_interval_count,
        nickname,
        fivetran_synced
    from {{ source('stripe', 'plan') }}
    union all
    select
        id,
        unit_amount as amount_minor,
        currency,
        recurring_interval as billing_interval,
        recurring_interval_count as billing_interval_count,
        nickname,
        fivetran_synced
    from {{ source('stripe', 'price') }}
    where recurring_interval is not null
),

-- An export repeats a price or an item when it is taken again; the one synchronised last counts.
one_price as (
    select *
    from (
        select
            *,
            {{ dbt.safe_cast('amount_minor', 'decimal(18, 4)') }} as amount_in_minor_units,
            case
                when billing_interval_count is null then 1
                else {{ dbt.safe_cast('billing_interval_count', 'integer') }}
            end as intervals,
            row_number() over (
                partition by id
                order by
                    fivetran_synced desc nulls last,
                    billing_interval nulls last,
                    amount_minor nulls last,
                    currency nulls last,
                    billing_interval_count nulls last,
                    nickname nulls last
            ) as occurrence
        from prices
    ) as numbered
    where occurrence = 1
),

one_item as (
    select *
    from (
        select
            id,
            subscription_id,
            plan_id,
            case when quantity is null then 1 else {{ dbt.safe_cast('quantity', 'integer') }} end as quantity,
            row_number() over (
                partition by id
                order by
                    fivetran_synced desc nulls last,
                    subscription_id nulls last,
                    plan_id nulls last,
                    quantity nulls last
            ) as occurrence
        from {{ source('stripe', 'subscription_item') }}
    ) as numbered
    where occurrence = 1
),

priced as (
    select
        one_item.subscription_id,
        min(one_price.currency) as currency,
        min(one_price.nickname) as plan_name,
        cast(sum(one_item.quantity) as bigint) as quantity,
        sum(
            one_item.quantity * one_price.amount_in_minor_units
            / nullif(power(10, coalesce(currencies.minor_unit_digits, 2)), 0)
            * intervals.periods_per_year / 12 / nullif(one_price.intervals, 0)
        ) as mrr
    from one_item
    inner join one_price on one_item.plan_id = one_price.id
    inner join {{ ref('billing_intervals') }} as intervals on one_price.billing_interval = intervals.billing_interval
    left join {{ ref('currencies') }} as currencies on upper(one_price.currency) = currencies.currency
    group by one_item.subscription_id
)

select
    subscription.landed_file_id,
    subscription.landed_line,
    subscription.id as subscription_id,
    subscription.customer_id,
    coalesce(subscription.start_date, subscription.created) as started_at,
    coalesce(subscription.ended_at, subscription.cancel_at) as ended_at,
    subscription.canceled_at,
    subscription.trial_end as trial_ends_at,
    priced.plan_name,
    subscription.status,
    priced.quantity,
    cast(priced.mrr as decimal(18, 4)) as mrr,
    upper(priced.currency) as currency,
    {{ negated('subscription.cancel_at_period_end') }} as is_auto_renewing,
    subscription.current_period_end as current_period_ends_at,
    {{ negated('subscription.livemode') }} as is_test,
    subscription.is_deleted,
    subscription.fivetran_synced as updated_at
from {{ source('stripe', 'subscription_history') }} as subscription
left join priced on subscription.id = priced.subscription_id
