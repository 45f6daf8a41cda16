-- Grain: one row per device at as_of.
select
    devices.source_system,
    devices.device_id,
    account_map.customer_id,
    devices.device_type,
    devices.model,
    devices.installed_at,
    case when devices.retired_at <= build.as_of then devices.retired_at end as retired_at,
    coalesce(devices.retired_at > build.as_of, true) as is_active,
    devices.last_maintained_at,
    coalesce(
        devices.maintenance_due_at,
        {{ dbt.dateadd('day', 'cast(devices.maintenance_interval_days as integer)', 'coalesce(devices.last_maintained_at, devices.installed_at)') }}
    ) as maintenance_due_at,
    {{ in_usd('devices.monthly_revenue', 'currencies.usd_per_unit') }} as monthly_revenue_usd,
    devices.source_file,
    devices.source_line
from {{ ref('bronze__devices') }} as devices
inner join {{ ref('silver__account_map') }} as account_map
    on devices.source_system = account_map.source_system and devices.customer_id = account_map.source_customer_id
inner join {{ ref('silver__accounts') }} as accounts
    on account_map.customer_id = accounts.customer_id
cross join {{ ref('silver__as_of') }} as build
left join {{ ref('currencies') }} as currencies
    on coalesce(upper(devices.currency), 'USD') = currencies.currency
where
    not coalesce(devices.is_test, false)
    and not coalesce(devices.is_deleted, false)
    and not account_map.is_left_out
    and (devices.installed_at is null or devices.installed_at <= build.as_of)
