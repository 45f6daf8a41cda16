-- Grain: one row per source_system, origin_system, source_record_id, updated_at: every version of a record.
-- Former names and addresses still identify a person. Of rows that say the same time, the file whose name sorts last counts.
with accepted as (
    select *
    from {{ ref('staging__customers') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, origin_system, source_record_id, updated_at
            order by source_file desc, source_line desc
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('customers') }}
from versions
where version_rank = 1
