-- Grain: one row per customer with a sign of room to grow (seed expansion_signs) that gave no notice and is not in critical health.
-- What it might add is what accounts of its tier added when they grew within the last year: a typical figure, no forecast.
with growth as (
    select
        movements.customer_tier,
        cast(percentile_cont(0.5) within group (
            order by cast(movements.expansion_mrr as double) / nullif(movements.opening_mrr, 0) nulls last
        ) as double) as typical_growth_ratio
    from {{ ref('fct_mrr_movements') }} as movements
    cross join {{ ref('silver__as_of') }} as build
    where
        movements.expansion_mrr > 0
        and movements.month > {{ dbt.dateadd('month', -12, 'cast(build.as_of as date)') }}
    group by movements.customer_tier
    having count(*) >= 5
),

subscribed as (
    select
        terms.customer_id,
        cast(sum(terms.quantity) as bigint) as seats,
        max(case when terms.canceled_at <= build.as_of then 1 else 0 end) as has_given_notice
    from {{ ref('silver__subscription_terms') }} as terms
    cross join {{ ref('silver__as_of') }} as build
    where terms.mrr > 0 and (terms.valid_to is null or terms.valid_to > build.as_of)
    group by terms.customer_id
),

customers as (
    select
        customers.*,
        cast(customers.active_users_30d as double) / nullif(coalesce(accounts.seats, subscribed.seats), 0) as seat_use_ratio,
        coalesce(accounts.seats, subscribed.seats) as seats,
        success.feature_adoption_rate,
        success.health_trend_90d,
        success.expansion_revenue_total
    from {{ ref('entity_customers') }} as customers
    inner join {{ ref('silver__accounts') }} as accounts
        on customers.customer_id = accounts.customer_id
    inner join subscribed
        on customers.customer_id = subscribed.customer_id
    inner join {{ ref('customer_success') }} as success
        on customers.customer_id = success.customer_id
    where
        customers.is_active
        and subscribed.has_given_notice = 0
        and coalesce(customers.health_category, '') != 'Critical'
),

measured as (
    select
        customer_id,
        'seats_in_use' as expansion_sign,
        seat_use_ratio as raw_value
    from customers
    union all
    select
        customer_id,
        'broad_adoption' as expansion_sign,
        feature_adoption_rate as raw_value
    from customers
    union all
    select
        customer_id,
        'rising_health' as expansion_sign,
        health_trend_90d as raw_value
    from customers
    union all
    select
        customer_id,
        'promoter' as expansion_sign,
        nps_score as raw_value
    from customers
),

spoken as (
    select
        measured.customer_id,
        measured.expansion_sign,
        replace(signs.sentence, '{value}', {{ spoken_value('measured.raw_value', 'signs.unit') }}) as sentence
    from measured
    inner join {{ ref('expansion_signs') }} as signs
        on measured.expansion_sign = signs.expansion_sign and measured.raw_value >= signs.at_least
),

signs as (
    select
        spoken.customer_id,
        count(*) as expansion_signs,
        {{ joined_text('spoken.sentence', '; ', 'spoken.expansion_sign') }} as reasons
    from spoken
    group by spoken.customer_id
)

select
    customers.customer_id,
    customers.customer_name,
    customers.customer_tier,
    customers.csm_owner,
    customers.monthly_recurring_revenue,
    signs.expansion_signs,
    signs.reasons,
    customers.seats,
    customers.active_users_30d,
    customers.seat_use_ratio,
    customers.feature_adoption_rate,
    customers.health_score,
    customers.health_trend_90d,
    customers.nps_score,
    customers.renewal_date,
    customers.expansion_revenue_total,
    growth.typical_growth_ratio,
    cast(customers.monthly_recurring_revenue * growth.typical_growth_ratio as decimal(18, 4)) as typical_expansion_mrr
from customers
inner join signs
    on customers.customer_id = signs.customer_id
left join growth
    on customers.customer_tier = growth.customer_tier
