-- Grain: one row per landed row of survey_invitations, read as its contract says; `violations` says what is wrong with it.
{{ config(materialized='view') }}

with landed as (
    {{ landed_rows('survey_invitations') }}
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
    {{ typed_columns('survey_invitations') }},
    {{ contract_violations('survey_invitations') }} as violations,
    {{ landed_record('survey_invitations') }} as landed_record
from located
