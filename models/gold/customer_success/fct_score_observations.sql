-- Grain: one row per score, month end, account and horizon that lies behind as_of.
-- Looked at are accounts that paid at the end of the month and had not given notice of everything: whoever has needs no score.
with month_ends as (
    select
        max(days.date_day) as date_day
    from {{ ref('silver__days') }} as days
    cross join {{ ref('silver__as_of') }} as build
    inner join {{ ref('silver__score_context') }} as context
        on days.date_day = context.date_day
    where
        days.date_day >= {{ first_kept_day('build.as_of') }}
        -- Before the records reach back over the windows a score rests on the few signals that are known.
        and (context.activity_since is null or context.activity_since <= {{ dbt.dateadd('day', -90, 'days.date_day') }})
    group by cast(date_trunc('month', days.date_day) as date)
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
    departures.mrr,
    coalesce(departures.decides_on <= {{ dbt.dateadd('day', 'horizons.horizon_days', 'month_ends.date_day') }}, false) as has_decided,
    coalesce(departures.leaves_on <= {{ dbt.dateadd('day', 'horizons.horizon_days', 'month_ends.date_day') }}, false) as has_left
from month_ends
cross join horizons
cross join {{ ref('silver__as_of') }} as build
inner join {{ ref('silver__account_departures') }} as departures
    on month_ends.date_day = departures.date_day and departures.is_observed
inner join {{ ref('fct_scores') }} as scores
    on departures.customer_id = scores.customer_id and departures.date_day = scores.date_day
where {{ dbt.dateadd('day', 'horizons.horizon_days', 'month_ends.date_day') }} <= cast(build.as_of as date)
