-- Grain: one row per landed row of engagements, read as its contract says; `violations` says what is wrong with it.
{{ config(materialized='view') }}

with landed as (
    {{ landed_rows('engagements') }}
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
    {{ typed_columns('engagements') }},
    {{ contract_violations('engagements') }} as violations,
    {{ landed_record('engagements') }} as landed_record
from located
