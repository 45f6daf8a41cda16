-- Grain: one row per source_system, journey_instance_id, stage_name, event_type, occurred_at: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__journey_analytics_events') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, journey_instance_id, stage_name, event_type, occurred_at
            order by {{ latest_version_first() }}
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('journey_analytics_events') }}
from versions
where version_rank = 1
