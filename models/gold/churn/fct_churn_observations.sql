-- Grain: one row per account and observation day: the day of as_of and every seventh day before it, on which it paid and had not given notice of
-- everything. What was known of it on that day, and what became of it since.
-- Everything but the outcome is of the day itself or before, so a model trained on these rows sees what it will see when it is asked.
with observation_days as (
    select days.date_day
    from {{ ref('silver__days') }} as days
    cross join {{ ref('silver__as_of') }} as build
    where
        days.date_day >= {{ first_kept_day('build.as_of') }}
        and {{ dbt.datediff('days.date_day', 'cast(build.as_of as date)', 'day') }} % 7 = 0
),

-- How an account usually is, so that what is low for it can be told from what is low for others: half a year up to the day.
usual as (
    select
        customer_id,
        date_day,
        known_on,
        mrr,
        total_users,
        features_used_30d,
        tickets_90d,
        avg(active_days_30d) over half_a_year as usual_active_days,
        avg(tickets_30d) over half_a_year as usual_tickets,
        avg(cast(outcomes_negative_90d + engagements_missed_90d + answers_late_90d as double)) over half_a_year as usual_bad_talks
    from {{ ref('silver__account_daily') }}
    window half_a_year as (partition by customer_id order by date_day rows between 180 preceding and current row)
),

-- The scores by rule are what is known beforehand: where few have left, a model that starts from them learns sooner.
scores as (
    select
        customer_id,
        date_day,
        max(score_value) filter (where score = 'churn_risk') as churn_risk_score,
        max(score_value) filter (where score = 'health') as health_score
    from {{ ref('fct_scores') }}
    where score in ('churn_risk', 'health')
    group by customer_id, date_day
),

scores_over_time as (
    select
        customer_id,
        date_day,
        churn_risk_score,
        health_score,
        avg(churn_risk_score) over (partition by customer_id order by date_day rows between 180 preceding and current row) as usual_churn_risk_score,
        churn_risk_score - lag(churn_risk_score, 30) over (partition by customer_id order by date_day) as churn_risk_change_30d,
        health_score - lag(health_score, 30) over (partition by customer_id order by date_day) as health_change_30d
    from scores
)

select
    departures.customer_id,
    departures.date_day,
    {{ dbt.datediff('departures.date_day', 'cast(build.as_of as date)', 'day') }} as days_followed,
    {{ dbt.datediff('departures.date_day', 'departures.decides_on', 'day') }} as decides_in_days,
    {{ dbt.datediff('departures.date_day', 'departures.leaves_on', 'day') }} as leaves_in_days,
    accounts.customer_tier,
    accounts.industry,
    {{ dbt.datediff('usual.known_on', 'departures.date_day', 'day') }} as tenure_days,
    cast(usual.mrr as double) as mrr,
    usual.total_users,
    usual.features_used_30d,
    usual.tickets_90d,
    usual.usual_active_days,
    usual.usual_tickets,
    usual.usual_bad_talks,
    scores.churn_risk_score,
    scores.usual_churn_risk_score,
    scores.churn_risk_change_30d,
    scores.health_score,
    scores.health_change_30d,
    {%- for signal in account_signals() %}
    signals.{{ signal }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('silver__account_departures') }} as departures
cross join {{ ref('silver__as_of') }} as build
inner join observation_days
    on departures.date_day = observation_days.date_day
inner join {{ ref('silver__accounts') }} as accounts
    on departures.customer_id = accounts.customer_id
inner join usual
    on departures.customer_id = usual.customer_id and departures.date_day = usual.date_day
inner join {{ ref('silver__account_signals') }} as signals
    on departures.customer_id = signals.customer_id and departures.date_day = signals.date_day
left join scores_over_time as scores
    on departures.customer_id = scores.customer_id and departures.date_day = scores.date_day
where departures.is_observed
