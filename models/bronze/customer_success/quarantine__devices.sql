-- Grain: one row per landed row of devices that breaks its contract.
{{ config(materialized='view') }}

select
    source_system,
    source_table,
    source_file,
    source_line,
    violations as reason,
    landed_record,
    load_id
from {{ ref('staging__devices') }}
where violations is not null
