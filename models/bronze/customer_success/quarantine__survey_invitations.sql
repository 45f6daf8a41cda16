-- Grain: one row per landed row of survey_invitations that breaks its contract.
{{ config(materialized='view') }}

select
    source_system,
    source_table,
    source_file,
    source_line,
    violations as reason,
    landed_record,
    load_id
from {{ ref('staging__survey_invitations') }}
where violations is not null
