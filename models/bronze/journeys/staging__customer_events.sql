-- Grain: one row per landed row of customer_events, read as its contract says; `violations` says what is wrong with it.
{{ config(materialized='view') }}

with landed as (
    {{ landed_rows('customer_events', with_details=true) }}
),

located as (
    select
        landed.*,
        files.source_system,
        files.source_table,
        files.source_file,
        files.load_id,
        files.loaded_at,
        details.load_id as detail_load_id
    from landed
    inner join {{ source('landing', 'files') }} as files
        on landed.landed_file_id = files.file_id
    left join {{ source('landing', 'files') }} as details
        on landed.detail_file_id = details.file_id
)

select
    {{ typed_columns('customer_events') }},
    detail_load_id,
    {{ contract_violations('customer_events') }} as violations,
    {{ landed_record('customer_events') }} as landed_record
from located
