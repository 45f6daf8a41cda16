-- Wrong if the snapshot of the day of as_of lacks a person who is no test and not of our own staff, or shows another stage than the history.
select
    history.golden_customer_id,
    history.lifecycle_stage,
    snapshot.lifecycle_stage as stage_in_snapshot
from {{ ref('silver__lifecycle_history') }} as history
inner join {{ ref('silver__golden_customers') }} as golden
    on history.golden_customer_id = golden.golden_customer_id
cross join {{ ref('silver__as_of') }} as build
left join {{ ref('fct_customer_daily_snapshot') }} as snapshot
    on history.golden_customer_id = snapshot.golden_customer_id and snapshot.date_day = cast(build.as_of as date)
where
    history.is_current
    and not coalesce(golden.is_test, false)
    and not coalesce(golden.is_internal, false)
    and (snapshot.golden_customer_id is null or snapshot.lifecycle_stage != history.lifecycle_stage)
