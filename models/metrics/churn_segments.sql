-- Grain: one row per model, kind of segment (tier, tenure) and segment of its later period: whether it does as well for everybody.
-- The area under the curve is Mann and Whitney's statistic by ranks, as in metrics.score_backtest.
with segmented as (
    select model_id, horizon_days, 'tier' as segment_kind, coalesce(customer_tier, 'not known') as segment, probability, has_decided
    from {{ ref('fct_churn_test_scores') }}
    union all
    select
        model_id,
        horizon_days,
        'tenure',
        case when tenure_days <= 90 then 'first quarter' when tenure_days <= 365 then 'first year' else 'longer' end,
        probability,
        has_decided
    from {{ ref('fct_churn_test_scores') }}
),

ranked as (
    select
        *,
        rank() over (partition by model_id, segment_kind, segment order by probability nulls last)
        + (count(*) over (partition by model_id, segment_kind, segment, probability) - 1) / 2.0 as place
    from segmented
),

counted as (
    select
        model_id,
        horizon_days,
        segment_kind,
        segment,
        count(*) as observations,
        sum(case when has_decided then 1 else 0 end) as decided,
        sum(case when has_decided then place else 0 end) as places_of_decided,
        avg(probability) as foretold_rate
    from ranked
    group by model_id, horizon_days, segment_kind, segment
)

select
    model_id,
    horizon_days,
    segment_kind,
    segment,
    observations,
    cast(decided as bigint) as decided,
    foretold_rate,
    cast(decided as double) / nullif(observations, 0) as observed_rate,
    (places_of_decided - cast(decided as double) * (decided + 1) / 2) / nullif(cast(decided as double) * (observations - decided), 0) as auc
from counted
