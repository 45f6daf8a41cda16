-- Grain: one row per source_system, origin_system, source_record_id, identifier_type, identifier_value: the version the source wrote last.
with accepted as (
    select *
    from {{ ref('staging__customer_identifiers') }}
    where violations is null
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, origin_system, source_record_id, identifier_type, identifier_value
            order by {{ latest_version_first() }}
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('customer_identifiers') }}
from versions
where version_rank = 1
