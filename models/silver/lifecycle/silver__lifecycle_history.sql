-- Grain: one row per person and stretch of time in one lifecycle stage [valid_from, valid_to); SCD type 2, without gaps from the first
-- thing known of the person to as_of.
with followed as (
    select
        *,
        lag(lifecycle_stage) over (partition by golden_customer_id order by happened_at nulls last) as stage_before
    from {{ ref('silver__lifecycle_marks') }}
),

-- What gives a person the stage they are in already begins no new stretch.
changes as (
    select
        *,
        lead(happened_at) over (partition by golden_customer_id order by happened_at nulls last) as next_at
    from followed
    where stage_before is null or stage_before != lifecycle_stage
)

select
    changes.golden_customer_id,
    changes.lifecycle_stage,
    changes.happened_at as valid_from,
    changes.next_at as valid_to,
    changes.next_at is null as is_current,
    changes.lifecycle_rule as cause_rule,
    changes.rule_kind as cause_kind,
    changes.source_row as cause_row,
    cast({{ seconds_between('changes.happened_at', 'coalesce(changes.next_at, build.as_of)') }} / 86400 as decimal(18, 6)) as duration_days
from changes
cross join {{ ref('silver__as_of') }} as build
