-- Grain: one row per model and tenth of its later period by probability, the most likely first: what was foretold beside what came.
with tenths as (
    select
        *,
        ntile(10) over (partition by model_id order by probability desc nulls last, customer_id, date_day) as tenth
    from {{ ref('fct_churn_test_scores') }}
)

select
    tenths.model_id,
    tenths.horizon_days,
    tenths.tenth,
    count(*) as observations,
    avg(tenths.probability) as foretold_rate,
    cast(sum(case when tenths.has_decided then 1 else 0 end) as double) / count(*) as observed_rate,
    cast(sum(case when tenths.has_decided then 1 else 0 end) as double) / count(*) / nullif(models.observed_rate, 0) as lift,
    avg(tenths.churn_risk_score) as avg_churn_risk_score
from tenths
inner join {{ ref('dim_churn_model') }} as models
    on tenths.model_id = models.model_id
group by tenths.model_id, tenths.horizon_days, tenths.tenth, models.observed_rate
