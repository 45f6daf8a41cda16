-- Grain: one row per account, login, feature and day. From events that name a feature and from counted usage.
with uses as (
    select
        customer_id,
        user_id,
        feature_name,
        cast(occurred_at as date) as used_on,
        1 as uses,
        heartbeat_seconds as duration_seconds
    from {{ ref('silver__cleansed_events') }}
    where feature_name is not null and customer_id is not null and not is_heartbeat and not is_robot and not is_internal
    union all
    select
        customer_id,
        user_id,
        feature_name,
        cast(used_at as date) as used_on,
        usage_count as uses,
        duration_seconds
    from {{ ref('silver__feature_usage') }}
)

select
    customer_id,
    coalesce(user_id, '') as user_id,
    feature_name,
    used_on,
    cast(sum(uses) as bigint) as uses,
    cast(sum(cast(duration_seconds as decimal(18, 6))) as decimal(18, 6)) as duration_seconds
from uses
where customer_id is not null and uses > 0
group by customer_id, coalesce(user_id, ''), feature_name, used_on
