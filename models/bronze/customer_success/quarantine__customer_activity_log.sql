-- Grain: one row per landed row of customer_activity_log that breaks its contract.
{{ config(materialized='view') }}

select
    source_system,
    source_table,
    source_file,
    source_line,
    violations as reason,
    landed_record,
    load_id
from {{ ref('staging__customer_activity_log') }}
where violations is not null
