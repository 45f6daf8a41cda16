-- Grain: one row per landed row of value_metrics, read as its contract says; `violations` says what is wrong with it.
{{ config(materialized='view') }}

with landed as (
    {{ landed_rows('value_metrics') }}
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
    {{ typed_columns('value_metrics') }},
    {{ contract_violations('value_metrics') }} as violations,
    {{ landed_record('value_metrics') }} as landed_record
from located
