-- Grain: one row per model in use and feature: how far the accounts of today are from those it learnt from.
select
    model_id,
    horizon_days,
    feature,
    stability_index,
    -- The usual limits of the index: 0.1 and 0.25.
    case when stability_index < 0.1 then 'usual' when stability_index < 0.25 then 'moved' else 'look' end as state,
    missing_then,
    missing_now
from {{ source('churn', 'drift') }}
