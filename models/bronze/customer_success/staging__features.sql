-- Grain: one row per landed row of features, read as its contract says; `violations` says what is wrong with it.
{{ config(materialized='view') }}

with landed as (
    {{ landed_rows('features') }}
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
    {{ typed_columns('features') }},
    {{ contract_violations('features') }} as violations,
    {{ landed_record('features') }} as landed_record
from located
