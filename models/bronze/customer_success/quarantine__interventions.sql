-- Grain: one row per landed row of interventions that breaks its contract.
{{ config(materialized='view') }}

select
    source_system,
    source_table,
    source_file,
    source_line,
    violations as reason,
    landed_record,
    load_id
from {{ ref('staging__interventions') }}
where violations is not null
