-- Grain: one row per paying account that has not given notice and horizon, at as_of: how likely it is to leave, and whether it is worth looking after.
-- Where no model is in use for the horizon the rule stands: the probability is empty, and the priority is the churn risk by rule.
with horizons as (
    {% for days in [30, 60, 90] -%}
    select {{ days }} as horizon_days
    {{- ' union all ' if not loop.last }}
    {%- endfor %}
),

foretold as (
    select
        observations.customer_id,
        horizons.horizon_days,
        observations.date_day,
        predictions.model_id,
        predictions.probability as churn_probability,
        predictions.probability_7d_ago as churn_probability_7d_ago,
        observations.churn_risk_score,
        {{ margin_of_a_year('observations.mrr') }} as margin_of_a_year_usd
    from {{ ref('fct_churn_observations') }} as observations
    cross join horizons
    left join {{ source('churn', 'predictions') }} as predictions
        on
            observations.customer_id = predictions.customer_id
            and observations.date_day = predictions.date_day
            and horizons.horizon_days = predictions.horizon_days
    where observations.days_followed = 0
)

select
    foretold.customer_id,
    foretold.horizon_days,
    foretold.date_day,
    case when foretold.churn_probability is null then 'rule' else 'model' end as score_used,
    foretold.model_id,
    foretold.churn_probability,
    foretold.churn_probability_7d_ago,
    foretold.churn_probability - foretold.churn_probability_7d_ago as churn_probability_change_7d,
    foretold.churn_risk_score,
    coalesce(100 * foretold.churn_probability, foretold.churn_risk_score) as priority,
    expected_times.low_days as earliest_days,
    expected_times.expected_days,
    expected_times.high_days as latest_days,
    expected_times.is_extrapolated,
    cast(foretold.churn_probability * foretold.margin_of_a_year_usd as decimal(18, 2)) as margin_at_risk_usd,
    cast(
        foretold.churn_probability * {{ var('churn_save_rate') }} * foretold.margin_of_a_year_usd - {{ var('churn_contact_cost_usd') }} as decimal(18, 2)
    ) as expected_gain_usd,
    foretold.churn_probability * {{ var('churn_save_rate') }} * foretold.margin_of_a_year_usd > {{ var('churn_contact_cost_usd') }} as is_worth_looking_after
from foretold
left join {{ source('churn', 'expected_times') }} as expected_times
    on foretold.customer_id = expected_times.customer_id and foretold.churn_probability is not null
