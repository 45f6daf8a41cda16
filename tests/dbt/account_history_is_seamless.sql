-- Wrong if a stretch of an account's history does not begin where the one before it ends, the days of all stretches are not those of the daily
-- history, or not exactly one stretch of each account is current.
with followed as (
    select
        history.customer_id,
        history.version,
        history.valid_from,
        history.valid_to,
        history.is_current,
        lag(history.valid_to) over (partition by history.customer_id order by history.version nulls last) as previous_valid_to
    from {{ ref('entity_customers_history') }} as history
),

summed as (
    select
        followed.customer_id,
        min(followed.valid_from) as begins_on,
        sum(case when followed.is_current then 1 else 0 end) as current_stretches,
        sum(case when followed.version > 1 and followed.previous_valid_to != followed.valid_from then 1 else 0 end) as gaps,
        sum(case when followed.is_current != (followed.valid_to is null) then 1 else 0 end) as wrongly_current
    from followed
    group by followed.customer_id
),

days as (
    select
        customer_id,
        min(date) as begins_on
    from {{ ref('entity_customers_daily') }}
    group by customer_id
)

select
    coalesce(summed.customer_id, days.customer_id) as customer_id,
    summed.begins_on,
    days.begins_on as history_begins_on
from summed
full outer join days
    on summed.customer_id = days.customer_id
where
    coalesce(summed.begins_on != days.begins_on, true)
    or summed.current_stretches != 1
    or summed.gaps > 0
    or summed.wrongly_current > 0
