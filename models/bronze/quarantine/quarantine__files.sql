-- Grain: one row per file that was not read as a whole.
{{ config(materialized='view') }}
{% set read_no_more = is_read_no_more('files') %}

select
    files.source_system,
    files.source_table,
    files.source_file,
    case when {{ read_no_more }} then 'not_read' else files.status end as file_status,
    case
        when {{ read_no_more }} then 'its system is switched off, or its mapping is gone'
        else files.reason
    end as reason,
    files.rows_landed as lines,
    files.size_bytes,
    files.load_id
from {{ source('landing', 'files') }} as files
where files.status != 'loaded' or {{ read_no_more }}
