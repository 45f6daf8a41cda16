-- Grain: one row per person and month end, from the first sign of life, value or product on: what segments are measured by.
-- Every figure rests on what had happened by the end of that month, so a later build leaves it as it was.
with first_months as (
    select
        golden_customer_id,
        cast(date_trunc('month', min(happened_at)) as date) as first_month
    from (
        select golden_customer_id, happened_at
        from {{ ref('silver__signs_of_life') }}
        union all
        select golden_customer_id, cast(month as timestamp)
        from {{ ref('silver__customer_value') }}
        where golden_customer_id is not null
    ) as seen
    group by golden_customer_id
),

months as (
    select
        cast(date_trunc('month', days.date_day) as date) as month,
        cast({{ dbt.dateadd('month', 1, "cast(date_trunc('month', min(days.date_day)) as date)") }} as timestamp) as measured_at
    from (
        select {{ each_day('first_day', 'last_day') }} as date_day
        from (
            select
                min(first_months.first_month) as first_day,
                max(cast(build.as_of as date)) as last_day
            from first_months
            cross join {{ ref('silver__as_of') }} as build
            having count(*) > 0
        ) as range_of_days
    ) as days
    group by cast(date_trunc('month', days.date_day) as date)
),

-- A month is measured when it is over, at the first instant of the next.
spine as (
    select
        first_months.golden_customer_id,
        months.month,
        months.measured_at
    from first_months
    inner join months
        on first_months.first_month <= months.month
    cross join {{ ref('silver__as_of') }} as build
    where months.measured_at <= build.as_of
),

signs_by_month as (
    select
        golden_customer_id,
        cast(date_trunc('month', happened_at) as date) as month,
        count(*) as signs_of_life,
        max(happened_at) as last_sign_at
    from {{ ref('silver__signs_of_life') }}
    group by golden_customer_id, cast(date_trunc('month', happened_at) as date)
),

-- Kinds of products as steps: a kind begins to be held and ceases to be.
product_steps as (
    select
        golden_customer_id,
        month,
        sum(product_step) as product_step,
        sum(case when category_before <= 0 and category_now > 0 then 1 when category_before > 0 and category_now <= 0 then -1 else 0 end) as category_step
    from (
        select
            golden_customer_id,
            month,
            product_step,
            sum(product_step) over so_far - product_step as category_before,
            sum(product_step) over so_far as category_now
        from (
            select
                golden_customer_id,
                product_category,
                month,
                sum(product_step) as product_step
            from (
                select
                    golden_customer_id,
                    product_category,
                    cast(date_trunc('month', opened_at) as date) as month,
                    1 as product_step
                from {{ ref('silver__product_holdings') }}
                where golden_customer_id is not null
                union all
                select
                    golden_customer_id,
                    product_category,
                    cast(date_trunc('month', closed_at) as date),
                    -1
                from {{ ref('silver__product_holdings') }}
                where golden_customer_id is not null and closed_at is not null
            ) as turns
            group by golden_customer_id, product_category, month
        ) as by_category
        window so_far as (
            partition by golden_customer_id, product_category order by month rows between unbounded preceding and current row
        )
    ) as steps
    group by golden_customer_id, month
),

measured as (
    select
        spine.golden_customer_id,
        spine.month,
        spine.measured_at,
        max(signs_by_month.last_sign_at) over so_far as last_sign_at,
        coalesce(sum(signs_by_month.signs_of_life) over last_12, 0) as signs_of_life_12m,
        coalesce(sum(signs_by_month.signs_of_life) over last_3, 0) as signs_of_life_3m,
        -- Nothing on record so far is unknown; nothing in the last 12 months, with something before, is nothing.
        case when count(value.revenue_usd) over so_far > 0 then coalesce(sum(value.revenue_usd) over last_12, 0) end as revenue_12m_usd,
        case when count(value.margin_usd) over so_far > 0 then coalesce(sum(value.margin_usd) over last_12, 0) end as margin_12m_usd,
        case when count(product_steps.month) over so_far > 0 then sum(coalesce(product_steps.product_step, 0)) over so_far end as open_products,
        case when count(product_steps.month) over so_far > 0 then sum(coalesce(product_steps.category_step, 0)) over so_far end as open_product_categories
    from spine
    left join signs_by_month
        on spine.golden_customer_id = signs_by_month.golden_customer_id and spine.month = signs_by_month.month
    left join {{ ref('silver__customer_value') }} as value
        on spine.golden_customer_id = value.golden_customer_id and spine.month = value.month
    left join product_steps
        on spine.golden_customer_id = product_steps.golden_customer_id and spine.month = product_steps.month
    window
        so_far as (partition by spine.golden_customer_id order by spine.month rows between unbounded preceding and current row),
        last_12 as (partition by spine.golden_customer_id order by spine.month rows between 11 preceding and current row),
        last_3 as (partition by spine.golden_customer_id order by spine.month rows between 2 preceding and current row)
)

select
    golden_customer_id,
    month,
    measured_at,
    last_sign_at,
    cast({{ seconds_between('last_sign_at', 'measured_at') }} / 86400 as decimal(18, 6)) as recency_days,
    cast(signs_of_life_12m as bigint) as signs_of_life_12m,
    cast(signs_of_life_3m as bigint) as signs_of_life_3m,
    cast(revenue_12m_usd as decimal(18, 4)) as revenue_12m_usd,
    cast(margin_12m_usd as decimal(18, 4)) as margin_12m_usd,
    cast(open_products as bigint) as open_products,
    cast(open_product_categories as bigint) as open_product_categories
from measured
