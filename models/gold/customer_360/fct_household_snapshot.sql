-- Grain: one row per household and month end of the last 24 months, from the month its first member was known. Who belongs to a household is
-- what is known at as_of; what its members did and brought is as it stood at that month end.
with months as (
    select
        cast(date_trunc('month', days.date_day) as date) as month,
        cast({{ dbt.dateadd('month', 1, "cast(date_trunc('month', min(days.date_day)) as date)") }} as timestamp) as ends_at
    from (
        select {{ each_day(dbt.dateadd('month', -24, "cast(date_trunc('month', as_of) as date)"), 'cast(as_of as date)') }} as date_day
        from {{ ref('silver__as_of') }}
    ) as days
    group by cast(date_trunc('month', days.date_day) as date)
),

finished as (
    select
        months.month,
        months.ends_at
    from months
    cross join {{ ref('silver__as_of') }} as build
    where months.ends_at <= {{ dbt.dateadd('second', 1, 'build.as_of') }}
),

stages as (
    select
        history.golden_customer_id,
        finished.month,
        stages.is_customer
    from finished
    inner join {{ ref('silver__lifecycle_history') }} as history
        on history.valid_from < finished.ends_at and (history.valid_to is null or history.valid_to >= finished.ends_at)
    inner join {{ ref('lifecycle_stages') }} as stages
        on history.lifecycle_stage = stages.lifecycle_stage
),

measures as (
    select
        stages.golden_customer_id,
        stages.month,
        stages.is_customer,
        value.revenue_usd,
        value.margin_usd,
        months.signs_of_life_12m,
        months.open_products
    from stages
    left join {{ ref('silver__customer_value') }} as value
        on stages.golden_customer_id = value.golden_customer_id and stages.month = value.month
    left join {{ ref('silver__customer_months') }} as months
        on stages.golden_customer_id = months.golden_customer_id and stages.month = months.month
)

select
    members.household_id,
    measures.month,
    households.household_type,
    cast(count(*) as bigint) as members,
    cast(sum(case when measures.is_customer then 1 else 0 end) as bigint) as customers,
    cast(sum(measures.open_products) as bigint) as open_products,
    cast(sum(measures.revenue_usd) as decimal(18, 4)) as revenue_usd,
    cast(sum(measures.margin_usd) as decimal(18, 4)) as margin_usd,
    cast(sum(measures.signs_of_life_12m) as bigint) as signs_of_life_12m
from measures
inner join {{ ref('silver__household_members') }} as members
    on measures.golden_customer_id = members.golden_customer_id
inner join {{ ref('silver__households') }} as households
    on members.household_id = households.household_id
group by members.household_id, measures.month, households.household_type
