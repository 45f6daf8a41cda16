-- Grain: one row per account, login and day on which it did something. A login is '' where only the account is known.
with activity as (
    select
        customer_id,
        coalesce(user_id, '') as user_id,
        cast(occurred_at as date) as active_on,
        1 as actions
    from {{ ref('silver__cleansed_events') }}
    where customer_id is not null and not is_heartbeat and not is_robot and not is_internal
    union all
    select
        customer_id,
        user_id,
        used_on as active_on,
        uses as actions
    from {{ ref('silver__feature_use') }}
)

select
    customer_id,
    user_id,
    active_on,
    cast(sum(actions) as bigint) as actions
from activity
group by customer_id, user_id, active_on
