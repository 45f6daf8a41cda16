-- Wrong if the lifecycle of a person has a gap, an overlap, two stages in a row that are the same, not exactly one stage today, or anything
-- after as_of; or if a golden customer has no lifecycle at all.
with followed as (
    select
        golden_customer_id,
        lifecycle_stage,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by golden_customer_id order by valid_from) as next_from,
        lead(lifecycle_stage) over (partition by golden_customer_id order by valid_from) as next_stage
    from {{ ref('silver__lifecycle_history') }}
)

select
    followed.golden_customer_id,
    followed.valid_from
from followed
cross join {{ ref('silver__as_of') }} as build
where
    followed.valid_from > build.as_of
    or followed.valid_to <= followed.valid_from
    or followed.is_current != (followed.valid_to is null)
    or coalesce(followed.valid_to, timestamp '9999-12-31 00:00:00') != coalesce(followed.next_from, timestamp '9999-12-31 00:00:00')
    or followed.lifecycle_stage = followed.next_stage
union all
select
    golden.golden_customer_id,
    golden.first_seen_at
from {{ ref('silver__golden_customers') }} as golden
left join {{ ref('silver__lifecycle_history') }} as history
    on golden.golden_customer_id = history.golden_customer_id
where history.golden_customer_id is null
