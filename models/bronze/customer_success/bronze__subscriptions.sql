-- Grain: one row per source_system, subscription_id, effective_at: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__subscriptions') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (partition by source_system, subscription_id, effective_at order by {{ latest_version_first() }}) as version_rank
    from accepted
)

select
    {{ contract_columns('subscriptions') }}
from versions
where version_rank = 1
