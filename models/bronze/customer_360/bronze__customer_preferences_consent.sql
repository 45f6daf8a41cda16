-- Grain: one row per source_system, origin_system, source_record_id, channel, purpose, changed_at: the row of the file whose name sorts last.
with accepted as (
    select *
    from {{ ref('staging__customer_preferences_consent') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, origin_system, source_record_id, channel, purpose, changed_at
            order by source_file desc, source_line desc
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('customer_preferences_consent') }}
from versions
where version_rank = 1
