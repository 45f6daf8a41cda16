-- Grain: one row per model, account and day of the later period that the model was judged on: what it foretold, and what came.
select
    model_id,
    horizon_days,
    customer_id,
    date_day,
    customer_tier,
    tenure_days,
    probability,
    baseline_probability,
    churn_risk_score,
    has_decided
from {{ source('churn', 'test_scores') }}
