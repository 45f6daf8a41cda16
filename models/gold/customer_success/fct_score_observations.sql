-- Grain: one row per score, month end, account and horizon that lies behind as_of.
-- Looked at are accounts that paid at the end of the month and had not given notice of everything: whoever has needs no score, and a trial that
-- is not taken up is no customer lost. Where no subscription was ever on record, any customer counts.
-- An account has decided to leave when it has given notice of everything, or is no customer any more.
with month_ends as (
    select
        max(days.date_day) as date_day
    from {{ ref('silver__days') }} as days
    cross join {{ ref('silver__as_of') }} as build
    where days.date_day >= {{ first_kept_day('build.as_of') }}
    group by cast(date_trunc('month', days.date_day) as date)
),

leaving as (
    select
        customer_id,
        date_day,
        mrr,
        is_customer and (mrr > 0 or subscriptions_begun = 0) as is_observed,
        is_customer,
        not is_customer or (mrr > 0 and notice_mrr >= mrr) as has_decided
    from {{ ref('silver__account_daily') }}
),

-- The next day on which it had decided to leave, and on which it had left.
turns as (
    select
        customer_id,
        date_day,
        mrr,
        is_observed,
        has_decided,
        min(case when has_decided then date_day end) over ahead as decides_on,
        min(case when not is_customer then date_day end) over ahead as leaves_on
    from leaving
    window ahead as (partition by customer_id order by date_day rows between 1 following and unbounded following)
),

horizons as (
    {% for days in [30, 60, 90] -%}
    select {{ days }} as horizon_days
    {{- ' union all ' if not loop.last }}
    {%- endfor %}
)

select
    scores.score,
    month_ends.date_day,
    horizons.horizon_days,
    scores.customer_id,
    scores.band,
    scores.score_value,
    turns.mrr,
    coalesce(turns.decides_on <= {{ dbt.dateadd('day', 'horizons.horizon_days', 'month_ends.date_day') }}, false) as has_decided,
    coalesce(turns.leaves_on <= {{ dbt.dateadd('day', 'horizons.horizon_days', 'month_ends.date_day') }}, false) as has_left
from month_ends
cross join horizons
cross join {{ ref('silver__as_of') }} as build
inner join turns
    on month_ends.date_day = turns.date_day and turns.is_observed and not turns.has_decided
inner join {{ ref('fct_scores') }} as scores
    on turns.customer_id = scores.customer_id and turns.date_day = scores.date_day
where {{ dbt.dateadd('day', 'horizons.horizon_days', 'month_ends.date_day') }} <= cast(build.as_of as date)
