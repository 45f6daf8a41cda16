-- Grain: one row per lifecycle stage.
select
    lifecycle_stage,
    stage_order,
    stage_name,
    is_customer,
    follows_activity,
    is_terminal,
    description
from {{ ref('lifecycle_stages') }}
