-- Grain: one row per source_system, device_id: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__devices') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, device_id order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('devices') }}
from versions
where version_rank = 1
