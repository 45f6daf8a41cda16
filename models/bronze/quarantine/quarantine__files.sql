-- Grain: one row per file that was not read as a whole.
{{ config(materialized='view') }}

select
    source_system,
    source_table,
    source_file,
    status as file_status,
    reason,
    rows_landed as lines,
    size_bytes,
    load_id
from {{ source('landing', 'files') }}
where status != 'loaded'
