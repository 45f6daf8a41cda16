-- Grain: one row per intervention on an account that was a customer on the day before it, and horizon that lies behind as_of.
-- Beside each stand up to five comparable accounts: of the same tier, customers on the same day, nothing done for them in the 90 days around it,
-- nearest in health and risk, and in both less than ten points away.
with interventions as (
    select
        interventions.source_system,
        interventions.intervention_id,
        interventions.intervention_type,
        interventions.customer_id,
        accounts.customer_tier,
        cast(interventions.started_at as date) as started_on,
        cast({{ dbt.dateadd('day', -1, 'cast(interventions.started_at as date)') }} as date) as day_before
    from {{ ref('silver__interventions') }} as interventions
    inner join {{ ref('silver__accounts') }} as accounts
        on interventions.customer_id = accounts.customer_id
),

scores as (
    select
        customer_id,
        date_day,
        max(score_value) filter (where score = 'health') as health_score,
        max(score_value) filter (where score = 'churn_risk') as churn_risk_score
    from {{ ref('fct_scores') }}
    where score in ('health', 'churn_risk')
    group by customer_id, date_day
),

treated as (
    select
        interventions.*,
        scores.health_score,
        scores.churn_risk_score
    from interventions
    inner join scores
        on interventions.customer_id = scores.customer_id and interventions.day_before = scores.date_day
    where scores.health_score is not null and scores.churn_risk_score is not null
),

nearest as (
    select
        treated.source_system,
        treated.intervention_id,
        scores.customer_id as control_id,
        row_number() over (
            partition by treated.source_system, treated.intervention_id
            order by
                abs(treated.health_score - scores.health_score) + abs(treated.churn_risk_score - scores.churn_risk_score) nulls last,
                scores.customer_id
        ) as place
    from treated
    inner join scores
        on treated.day_before = scores.date_day
    inner join {{ ref('silver__accounts') }} as accounts
        on scores.customer_id = accounts.customer_id and treated.customer_tier = accounts.customer_tier
    where
        treated.customer_id != scores.customer_id
        and abs(treated.health_score - scores.health_score) < 10
        and abs(treated.churn_risk_score - scores.churn_risk_score) < 10
        and not exists (
            select 1
            from interventions as others
            where
                others.customer_id = scores.customer_id
                and abs({{ dbt.datediff('others.started_on', 'treated.started_on', 'day') }}) <= 90
        )
),

horizons as (
    {% for days in [30, 60, 90] -%}
    select {{ days }} as horizon_days
    {{- ' union all ' if not loop.last }}
    {%- endfor %}
),

watched as (
    select
        treated.source_system,
        treated.intervention_id,
        treated.intervention_type,
        treated.customer_id,
        treated.started_on,
        treated.day_before,
        horizons.horizon_days,
        {{ dbt.dateadd('day', 'horizons.horizon_days', 'treated.started_on') }} as judged_on
    from treated
    cross join horizons
    cross join {{ ref('silver__as_of') }} as build
    where {{ dbt.dateadd('day', 'horizons.horizon_days', 'treated.started_on') }} <= cast(build.as_of as date)
),

-- Health of who has left is not known: the change is that of those who stayed.
sides as (
    select source_system, intervention_id, customer_id, 'treated' as side
    from treated
    union all
    select source_system, intervention_id, control_id, 'control'
    from nearest
    where place <= 5
),

outcomes as (
    select
        watched.source_system,
        watched.intervention_id,
        watched.horizon_days,
        sides.side,
        count(*) as accounts,
        avg(case when daily.is_customer then 1.0 else 0.0 end) as retained_rate,
        avg(after.health_score - before.health_score) as health_change
    from watched
    inner join sides
        on watched.source_system = sides.source_system and watched.intervention_id = sides.intervention_id
    inner join {{ ref('silver__account_daily') }} as daily
        on sides.customer_id = daily.customer_id and watched.judged_on = daily.date_day
    left join scores as before
        on sides.customer_id = before.customer_id and watched.day_before = before.date_day
    left join scores as after
        on sides.customer_id = after.customer_id and watched.judged_on = after.date_day
    group by watched.source_system, watched.intervention_id, watched.horizon_days, sides.side
)

select
    watched.source_system,
    watched.intervention_id,
    watched.intervention_type,
    watched.customer_id,
    watched.started_on,
    watched.horizon_days,
    of_treated.retained_rate = 1 as is_retained,
    of_treated.health_change,
    coalesce(of_controls.accounts, 0) as comparable_accounts,
    of_controls.retained_rate as comparable_retained_rate,
    of_controls.health_change as comparable_health_change,
    of_treated.retained_rate - of_controls.retained_rate as retained_difference,
    of_treated.health_change - of_controls.health_change as health_difference
from watched
inner join outcomes as of_treated
    on
        watched.source_system = of_treated.source_system
        and watched.intervention_id = of_treated.intervention_id
        and watched.horizon_days = of_treated.horizon_days
        and of_treated.side = 'treated'
left join outcomes as of_controls
    on
        watched.source_system = of_controls.source_system
        and watched.intervention_id = of_controls.intervention_id
        and watched.horizon_days = of_controls.horizon_days
        and of_controls.side = 'control'
