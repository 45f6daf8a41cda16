-- Grain: one row per source_system, recommendation_id: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__nba_recommendations') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, recommendation_id order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('nba_recommendations') }}
from versions
where version_rank = 1
