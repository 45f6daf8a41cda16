-- Grain: one row per source_system, response_id: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__survey_responses') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, response_id order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('survey_responses') }}
from versions
where version_rank = 1
