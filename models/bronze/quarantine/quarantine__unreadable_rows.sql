-- Grain: one row per line of a file that no reader can make sense of (a broken record, not a broken value).
{{ config(materialized='view') }}

select
    files.source_system,
    files.source_table,
    files.source_file,
    unreadable.landed_line as source_line,
    unreadable.reason,
    unreadable.raw as landed_record,
    files.load_id
from {{ source('landing', 'unreadable_rows') }} as unreadable
inner join {{ source('landing', 'files') }} as files
    on unreadable.landed_file_id = files.file_id
