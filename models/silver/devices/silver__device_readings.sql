-- Grain: one row per reading of a device of ours up to as_of.
{{ config(materialized='view') }}

select
    readings.source_system,
    readings.device_id,
    devices.customer_id,
    readings.recorded_at,
    readings.is_online,
    coalesce(readings.uptime_ratio, case readings.is_online when true then 1 when false then 0 end) as uptime_ratio,
    readings.usage_volume,
    readings.errors,
    readings.battery_pct,
    readings.source_file,
    readings.source_line
from {{ ref('bronze__device_telemetry') }} as readings
inner join {{ ref('silver__devices') }} as devices
    on readings.source_system = devices.source_system and readings.device_id = devices.device_id
cross join {{ ref('silver__as_of') }} as build
where readings.recorded_at <= build.as_of
