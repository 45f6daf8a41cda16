-- Grain: one row per account and month, from its first month with recurring revenue to the month of as_of.
-- opening + new + expansion + contraction + churned + reactivation = closing; contraction and churned are negative.
with months as (
    select distinct cast(date_trunc('month', date_day) as date) as month
    from {{ ref('silver__days') }}
),

anchored as (
    select
        months.month,
        {% if var('mrr_anchor') == 'month_start' %}
        cast(months.month as timestamp) as anchor_at,
        true as is_complete
        {% else %}
        -- The first instant that is no longer asked about; the month that is still running is measured at as_of.
        least(
            cast({{ dbt.dateadd('month', 1, 'months.month') }} as timestamp),
            {{ dbt.dateadd('second', 1, 'build.as_of') }}
        ) as anchor_at,
        cast({{ dbt.dateadd('month', 1, 'months.month') }} as timestamp) <= {{ dbt.dateadd('second', 1, 'build.as_of') }} as is_complete
        {% endif %}
    from months
    cross join {{ ref('silver__as_of') }} as build
),

first_months as (
    select
        customer_id,
        cast(date_trunc('month', min(valid_from)) as date) as first_month
    from {{ ref('silver__subscription_terms') }}
    where mrr > 0
    group by customer_id
),

closings as (
    select
        first_months.customer_id,
        anchored.month,
        anchored.is_complete,
        coalesce(sum(terms.mrr), 0) as closing_mrr,
        count(case when terms.mrr > 0 then 1 end) as paid_subscriptions
    from first_months
    inner join anchored
        on first_months.first_month <= anchored.month
    left join {{ ref('silver__subscription_terms') }} as terms
        on
            first_months.customer_id = terms.customer_id
            {% if var('mrr_anchor') == 'month_start' %}
            and terms.valid_from <= anchored.anchor_at
            and (terms.valid_to is null or terms.valid_to > anchored.anchor_at)
            {% else %}
            and terms.valid_from < anchored.anchor_at
            and (terms.valid_to is null or terms.valid_to >= anchored.anchor_at)
            {% endif %}
    group by first_months.customer_id, anchored.month, anchored.is_complete
),

changes as (
    select
        customer_id,
        month,
        is_complete,
        paid_subscriptions,
        coalesce(lag(closing_mrr) over (partition by customer_id order by month), 0) as opening_mrr,
        closing_mrr,
        coalesce(
            max(closing_mrr) over (
                partition by customer_id order by month rows between unbounded preceding and 1 preceding
            ),
            0
        ) as highest_before
    from closings
)

select
    customer_id,
    month,
    cast(opening_mrr as decimal(18, 4)) as opening_mrr,
    cast(case when opening_mrr = 0 and highest_before = 0 then closing_mrr else 0 end as decimal(18, 4)) as new_mrr,
    cast(
        case when opening_mrr > 0 and closing_mrr > opening_mrr then closing_mrr - opening_mrr else 0 end as decimal(18, 4)
    ) as expansion_mrr,
    cast(
        case when opening_mrr > closing_mrr and closing_mrr > 0 then closing_mrr - opening_mrr else 0 end as decimal(18, 4)
    ) as contraction_mrr,
    cast(case when opening_mrr > 0 and closing_mrr = 0 then -opening_mrr else 0 end as decimal(18, 4)) as churned_mrr,
    cast(
        case when opening_mrr = 0 and highest_before > 0 then closing_mrr else 0 end as decimal(18, 4)
    ) as reactivation_mrr,
    cast(closing_mrr as decimal(18, 4)) as closing_mrr,
    cast(paid_subscriptions as bigint) as paid_subscriptions,
    is_complete
from changes
