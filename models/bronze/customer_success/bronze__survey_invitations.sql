-- Grain: one row per source_system, invitation_id: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__survey_invitations') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, invitation_id order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('survey_invitations') }}
from versions
where version_rank = 1
