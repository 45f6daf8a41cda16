-- Grain: one row per source_system, engagement_id: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__engagements') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, engagement_id order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('engagements') }}
from versions
where version_rank = 1
