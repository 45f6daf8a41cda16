-- Grain: one row per source_system, origin_system, source_record_id, segment_scheme, assigned_at: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__segment_assignments') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, origin_system, source_record_id, segment_scheme, assigned_at
            order by {{ latest_version_first() }}
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('segment_assignments') }}
from versions
where version_rank = 1
