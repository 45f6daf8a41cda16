-- Grain: one row per device, as it stands at as_of.
with scored as (
    {{ scores_of(ref('fct_device_score_contributions'), ['source_system', 'device_id']) | indent(4) }}
)

select
    devices.device_id,
    devices.source_system,
    devices.customer_id,
    devices.device_type,
    devices.model,
    devices.installed_at,
    devices.retired_at,
    devices.is_active,
    scored.score_value as device_health_score,
    scored.band as device_health_category,
    scored.coverage_pct as device_health_coverage_pct,
    signals.last_reading_at,
    signals.readings_30d,
    signals.uptime_30d_ratio,
    signals.usage_volume_30d,
    signals.errors_30d,
    devices.last_maintained_at,
    devices.maintenance_due_at,
    devices.is_active and devices.maintenance_due_at <= build.as_of as is_maintenance_due,
    devices.monthly_revenue_usd,
    case
        when devices.is_active
            then cast(devices.monthly_revenue_usd as double) / nullif(cast(customers.monthly_recurring_revenue as double), 0)
    end as revenue_contribution_ratio,
    devices.source_file,
    devices.source_line
from {{ ref('silver__devices') }} as devices
cross join {{ ref('silver__as_of') }} as build
left join {{ ref('silver__device_signals') }} as signals
    on devices.source_system = signals.source_system and devices.device_id = signals.device_id
left join scored
    on devices.source_system = scored.source_system and devices.device_id = scored.device_id
left join {{ ref('entity_customers') }} as customers
    on devices.customer_id = customers.customer_id
