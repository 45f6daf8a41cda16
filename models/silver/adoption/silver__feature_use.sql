-- Grain: one row per account, login, feature and day. From events that name a feature and from counted usage.
with subscriptions_by_account as (
    select distinct
        subscriptions.source_system,
        subscriptions.subscription_id,
        account_map.customer_id
    from {{ ref('bronze__subscriptions') }} as subscriptions
    inner join {{ ref('silver__account_map') }} as account_map
        on
            subscriptions.source_system = account_map.source_system
            and subscriptions.customer_id = account_map.source_customer_id
    where not account_map.is_left_out
),

uses as (
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
        coalesce(account_map.customer_id, subscriptions_by_account.customer_id, users.customer_id) as customer_id,
        usage.user_id,
        usage.feature_name,
        cast(usage.used_at as date) as used_on,
        coalesce(usage.usage_count, 1) as uses,
        usage.duration_seconds
    from {{ ref('bronze__feature_usage') }} as usage
    left join {{ ref('silver__account_map') }} as account_map
        on usage.source_system = account_map.source_system and usage.customer_id = account_map.source_customer_id
    left join subscriptions_by_account
        on
            usage.source_system = subscriptions_by_account.source_system
            and usage.subscription_id = subscriptions_by_account.subscription_id
    left join {{ ref('silver__users') }} as users
        on usage.user_id = users.user_id
    cross join {{ ref('silver__as_of') }} as build
    where
        usage.used_at <= build.as_of
        and not coalesce(account_map.is_left_out, false)
        and not exists (
            select 1
            from {{ ref('silver__staff') }} as staff
            where staff.user_id = usage.user_id
        )
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
