-- Grain: one row per person and month that is over by as_of, as far as something is on record for it; what belongs to nobody known is
-- added up under an empty golden_customer_id.
with metrics as (
    select
        identity_map.golden_customer_id,
        cast(date_trunc('month', metrics.period_start) as date) as month,
        currencies.usd_per_unit,
        {{ in_usd('metrics.revenue', 'currencies.usd_per_unit') }} as revenue_usd,
        {{ in_usd('metrics.cost_to_serve', 'currencies.usd_per_unit') }} as cost_usd,
        {{ in_usd('coalesce(metrics.margin, metrics.revenue - metrics.cost_to_serve)', 'currencies.usd_per_unit') }} as margin_usd,
        {{ in_usd('metrics.wallet_estimate', 'currencies.usd_per_unit') }} as wallet_estimate_usd
    from {{ ref('bronze__value_metrics') }} as metrics
    left join {{ ref('silver__identity_map') }} as identity_map
        on metrics.origin_system = identity_map.source_system and metrics.source_record_id = identity_map.source_record_id
    left join {{ ref('currencies') }} as currencies
        on coalesce(upper(metrics.currency), 'USD') = currencies.currency
    cross join {{ ref('silver__as_of') }} as build
    -- A month that still runs is not known yet: its figures would change under those who read them.
    where {{ dbt.dateadd('month', 1, "cast(date_trunc('month', metrics.period_start) as date)") }} <= {{ dbt.dateadd('second', 1, 'build.as_of') }}
),

months as (
    select
        golden_customer_id,
        month,
        count(*) as source_rows,
        sum(case when usd_per_unit is null then 1 else 0 end) as rows_without_rate,
        sum(revenue_usd) as revenue_usd,
        sum(cost_usd) as cost_usd,
        sum(margin_usd) as margin_usd,
        -- What a person spends with everybody is estimated of the whole person, so estimates of several systems do not add up.
        max(wallet_estimate_usd) as wallet_estimate_usd
    from metrics
    group by golden_customer_id, month
)

select
    golden_customer_id,
    month,
    cast(source_rows as bigint) as source_rows,
    cast(rows_without_rate as bigint) as rows_without_rate,
    cast(revenue_usd as decimal(18, 4)) as revenue_usd,
    cast(cost_usd as decimal(18, 4)) as cost_usd,
    cast(margin_usd as decimal(18, 4)) as margin_usd,
    cast(wallet_estimate_usd as decimal(18, 4)) as wallet_estimate_usd,
    cast(case when wallet_estimate_usd > 0 then revenue_usd / wallet_estimate_usd end as double) as wallet_share_rate,
    cast(sum(revenue_usd) over so_far as decimal(18, 4)) as revenue_to_date_usd,
    cast(sum(cost_usd) over so_far as decimal(18, 4)) as cost_to_date_usd,
    cast(sum(margin_usd) over so_far as decimal(18, 4)) as margin_to_date_usd
from months
window so_far as (partition by golden_customer_id order by month rows between unbounded preceding and current row)
