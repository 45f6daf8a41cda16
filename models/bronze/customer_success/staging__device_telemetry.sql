-- Grain: one row per landed row of device_telemetry, read as its contract says; `violations` says what is wrong with it.
{{ config(materialized='view') }}

with landed as (
    {{ landed_rows('device_telemetry') }}
),

located as (
    select
        landed.*,
        files.source_system,
        files.source_table,
        files.source_file,
        files.load_id,
        files.loaded_at
    from landed
    inner join {{ source('landing', 'files') }} as files
        on landed.landed_file_id = files.file_id
)

select
    {{ typed_columns('device_telemetry') }},
    {{ contract_violations('device_telemetry') }} as violations,
    {{ landed_record('device_telemetry') }} as landed_record
from located
