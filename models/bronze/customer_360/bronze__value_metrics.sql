-- Grain: one row per source_system, origin_system, source_record_id, period_start: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__value_metrics') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, origin_system, source_record_id, period_start order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('value_metrics') }}
from versions
where version_rank = 1
