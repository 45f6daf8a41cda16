-- Wrong if rows or money of the months that are over got lost, or were counted twice, on the way from bronze to people.
with in_bronze as (
    select
        count(*) as source_rows,
        coalesce(sum(cast(metrics.revenue * currencies.usd_per_unit as decimal(18, 4))), 0) as revenue_usd,
        coalesce(sum(cast(metrics.cost_to_serve * currencies.usd_per_unit as decimal(18, 4))), 0) as cost_usd
    from {{ ref('bronze__value_metrics') }} as metrics
    left join {{ ref('currencies') }} as currencies
        on coalesce(upper(metrics.currency), 'USD') = currencies.currency
    cross join {{ ref('silver__as_of') }} as build
    where {{ dbt.dateadd('month', 1, "cast(date_trunc('month', metrics.period_start) as date)") }} <= {{ dbt.dateadd('second', 1, 'build.as_of') }}
),

in_silver as (
    select
        coalesce(sum(source_rows), 0) as source_rows,
        coalesce(sum(revenue_usd), 0) as revenue_usd,
        coalesce(sum(cost_usd), 0) as cost_usd
    from {{ ref('silver__customer_value') }}
)

select
    in_bronze.source_rows,
    in_silver.source_rows as silver_rows,
    in_bronze.revenue_usd,
    in_silver.revenue_usd as silver_revenue_usd
from in_bronze
cross join in_silver
where
    in_bronze.source_rows != in_silver.source_rows
    or in_bronze.revenue_usd != in_silver.revenue_usd
    or in_bronze.cost_usd != in_silver.cost_usd
