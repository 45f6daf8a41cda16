-- Grain: one row per touchpoint type that the seed knows or that came in.
with described as (
    select * from {{ ref('touchpoint_types') }}
),

found as (
    select * from {{ ref('silver__touchpoint_type_counts') }}
),

names as (
    select touchpoint_type from described
    union
    select touchpoint_type from found
)

select
    names.touchpoint_type,
    described.touchpoint_type is not null as is_known,
    described.touchpoint_group,
    -- Nobody has said what an unknown type is worth, so it takes no credit until somebody does.
    coalesce(described.counts_for_attribution, false) as counts_for_attribution,
    described.is_paid,
    described.is_inbound,
    described.description,
    coalesce(found.touchpoints, 0) as touchpoints,
    found.first_occurred_at,
    found.last_occurred_at
from names
left join described
    on names.touchpoint_type = described.touchpoint_type
left join found
    on names.touchpoint_type = found.touchpoint_type
