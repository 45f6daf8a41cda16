-- Grain: one row per golden customer and account that one of the customer's records belongs to.
with memberships as (
    select
        identity_map.golden_customer_id,
        source_records.customer_id,
        source_records.record_key,
        source_records.is_deleted,
        source_records.record_type,
        row_number() over (
            partition by identity_map.golden_customer_id, source_records.customer_id
            order by
                case when source_records.is_deleted or source_records.is_test then 1 else 0 end asc nulls last,
                coalesce(source_systems.trust_rank, 1000000) asc nulls last,
                source_records.updated_at desc nulls last,
                source_records.record_key asc nulls last
        ) as record_place
    from {{ ref('silver__identity_map') }} as identity_map
    inner join {{ ref('silver__source_records') }} as source_records
        on identity_map.record_key = source_records.record_key
    left join {{ ref('source_systems') }} as source_systems
        on source_records.source_system = source_systems.source_system
    where source_records.customer_id is not null
)

select
    golden_customer_id,
    customer_id,
    min_by(record_key, record_place) as record_key,
    min_by(record_type, record_place) as record_type,
    count(*) as records,
    sum(case when is_deleted then 0 else 1 end) = 0 as is_deleted
from memberships
group by golden_customer_id, customer_id
