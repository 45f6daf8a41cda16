-- Grain: one row per model and probability from which accounts would have been looked after: what that would have brought on its later period.
-- Gain and cost are those of the variables churn_contact_cost_usd, churn_save_rate and gross_margin; one look at an account in the period stands
-- for each of its observations, so the figures are means per observation.
with thresholds as (
    {% for percent in [0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50] -%}
    select {{ percent }} / 100.0 as threshold
    {{- ' union all ' if not loop.last }}
    {%- endfor %}
),

tested as (
    select
        scores.model_id,
        scores.horizon_days,
        scores.probability,
        scores.has_decided,
        {{ margin_of_a_year('departures.mrr') }} as margin_of_a_year_usd
    from {{ ref('fct_churn_test_scores') }} as scores
    inner join {{ ref('silver__account_departures') }} as departures
        on scores.customer_id = departures.customer_id and scores.date_day = departures.date_day
)

select
    tested.model_id,
    tested.horizon_days,
    cast(thresholds.threshold as double) as threshold,
    count(*) as observations,
    cast(sum(case when tested.probability >= thresholds.threshold then 1 else 0 end) as bigint) as looked_after,
    cast(sum(case when tested.probability >= thresholds.threshold and tested.has_decided then 1 else 0 end) as bigint) as would_have_left,
    cast(sum(case
        when tested.probability >= thresholds.threshold
            then
                (case when tested.has_decided then {{ var('churn_save_rate') }} * tested.margin_of_a_year_usd else 0 end)
                - {{ var('churn_contact_cost_usd') }}
        else 0
    end) / count(*) as double) as gain_usd_per_observation
from tested
cross join thresholds
group by tested.model_id, tested.horizon_days, thresholds.threshold
