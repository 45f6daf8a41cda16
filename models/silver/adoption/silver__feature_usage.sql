-- Grain: one row per landed row of counted usage up to as_of, with the account it belongs to: the one it names, else that of its
-- subscription, else that of its login.
{{ config(materialized='view') }}

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
)

select
    usage.source_system,
    usage.usage_id,
    coalesce(account_map.customer_id, subscriptions_by_account.customer_id, users.customer_id) as customer_id,
    usage.user_id,
    usage.feature_name,
    usage.used_at,
    coalesce(usage.usage_count, 1) as usage_count,
    usage.duration_seconds,
    usage.source_file,
    usage.source_line
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
