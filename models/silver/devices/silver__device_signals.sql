-- Grain: one row per device in use at as_of: its last 30 days, and the raw values of its health score.
with build as (
    select
        as_of,
        {{ dbt.dateadd('day', -30, 'as_of') }} as window_from
    from {{ ref('silver__as_of') }}
),

readings as (
    select
        readings.source_system,
        readings.device_id,
        max(readings.recorded_at) as last_reading_at,
        count(case when readings.recorded_at > build.window_from then 1 end) as readings_30d,
        avg(cast(case when readings.recorded_at > build.window_from then readings.uptime_ratio end as decimal(18, 9))) as uptime_30d_ratio,
        sum(cast(case when readings.recorded_at > build.window_from then readings.usage_volume end as decimal(18, 6))) as usage_volume_30d,
        sum(case when readings.recorded_at > build.window_from then readings.errors end) as errors_30d,
        count(distinct case when readings.recorded_at > build.window_from and readings.errors is not null then cast(readings.recorded_at as date) end)
            as error_days_30d
    from {{ ref('silver__device_readings') }} as readings
    cross join build
    group by readings.source_system, readings.device_id
)

select
    devices.source_system,
    devices.device_id,
    devices.customer_id,
    readings.last_reading_at,
    cast(coalesce(readings.readings_30d, 0) as bigint) as readings_30d,
    cast(readings.uptime_30d_ratio as double) as uptime_30d_ratio,
    cast(readings.usage_volume_30d as double) as usage_volume_30d,
    cast(readings.errors_30d as bigint) as errors_30d,
    cast(readings.uptime_30d_ratio as double) as uptime,
    cast(readings.errors_30d as double) / nullif(readings.error_days_30d, 0) as error_frequency,
    case
        when devices.maintenance_due_at is not null
            then cast(greatest({{ dbt.datediff('devices.maintenance_due_at', 'build.as_of', 'day') }}, 0) as double)
    end as maintenance_delay,
    cast({{ dbt.datediff('readings.last_reading_at', 'build.as_of', 'day') }} as double) as silence
from {{ ref('silver__devices') }} as devices
cross join build
left join readings
    on devices.source_system = readings.source_system and devices.device_id = readings.device_id
where devices.is_active
