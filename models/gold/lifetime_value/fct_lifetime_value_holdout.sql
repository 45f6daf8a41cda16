-- Grain: one row per model, way of grouping and group of customers: what was foretold for the hold-out, and what came.
select
    model_id,
    kind,
    grouped_by,
    group_place,
    group_name,
    customers,
    foretold_events,
    naive_events,
    observed_events,
    foretold_usd,
    naive_usd,
    observed_usd,
    observed_with_growth_usd
from {{ source('lifetime_value', 'holdout') }}
