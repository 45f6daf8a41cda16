-- Wrong if a source record belongs to no golden record or to several, or a golden record has no source record.
with memberships as (
    select
        source_records.record_key,
        count(people.golden_customer_id) as golden_records
    from {{ ref('silver__source_records') }} as source_records
    left join {{ ref('silver__identity_map') }} as identity_map
        on source_records.record_key = identity_map.record_key
    left join {{ ref('silver__golden_customers') }} as people
        on identity_map.golden_customer_id = people.golden_customer_id
    group by source_records.record_key
),

without_record as (
    select people.golden_customer_id
    from {{ ref('silver__golden_customers') }} as people
    left join {{ ref('silver__identity_map') }} as identity_map
        on people.golden_customer_id = identity_map.golden_customer_id
    left join {{ ref('silver__source_records') }} as source_records
        on identity_map.record_key = source_records.record_key
    group by people.golden_customer_id
    having count(source_records.record_key) = 0
)

select
    record_key as wrong_id,
    golden_records
from memberships
where golden_records != 1
union all
select
    golden_customer_id as wrong_id,
    0 as golden_records
from without_record
