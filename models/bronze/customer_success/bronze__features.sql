-- Grain: one row per source_system, feature_name: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__features') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, feature_name order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('features') }}
from versions
where version_rank = 1
