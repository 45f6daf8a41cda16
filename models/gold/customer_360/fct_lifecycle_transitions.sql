-- Grain: one row per person and change of lifecycle stage; the first row of a person comes from no stage.
with followed as (
    select
        golden_customer_id,
        lifecycle_stage,
        valid_from,
        cause_rule,
        cause_kind,
        cause_row,
        lag(lifecycle_stage) over (partition by golden_customer_id order by valid_from) as from_stage,
        lag(duration_days) over (partition by golden_customer_id order by valid_from) as days_in_from_stage,
        lag(valid_from) over (partition by golden_customer_id order by valid_from) as from_stage_since
    from {{ ref('silver__lifecycle_history') }}
)

select
    md5(followed.golden_customer_id || '|' || cast(followed.valid_from as {{ dbt.type_string() }})) as transition_id,
    followed.golden_customer_id,
    followed.from_stage,
    followed.lifecycle_stage as to_stage,
    followed.valid_from as transition_at,
    followed.from_stage_since,
    followed.days_in_from_stage,
    to_stages.stage_order - from_stages.stage_order as stages_moved,
    coalesce(from_stages.is_customer, false) and not to_stages.is_customer as is_loss,
    not coalesce(from_stages.is_customer, false) and to_stages.is_customer as is_gain,
    followed.cause_rule,
    followed.cause_kind,
    followed.cause_row
from followed
inner join {{ ref('lifecycle_stages') }} as to_stages
    on followed.lifecycle_stage = to_stages.lifecycle_stage
left join {{ ref('lifecycle_stages') }} as from_stages
    on followed.from_stage = from_stages.lifecycle_stage
