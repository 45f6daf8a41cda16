-- Grain: one row per person, each in exactly one household; `evidence` says why. Who is tied to nobody is a household of their own.
-- The id of a household is that of the member who was known first, so that it stays when others join.
with members as (
    select
        golden.golden_customer_id,
        golden.first_seen_at,
        coalesce(components.component_key, golden.golden_customer_id) as component
    from {{ ref('silver__golden_customers') }} as golden
    left join {{ ref('silver__household_components') }} as components
        on golden.golden_customer_id = components.record_key
),

ranked as (
    select
        golden_customer_id,
        component,
        row_number() over (partition by component order by first_seen_at nulls last, golden_customer_id nulls last) as member_rank
    from members
),

ties as (
    select
        person_a as golden_customer_id,
        bond,
        evidence
    from {{ ref('silver__household_links') }}
    union all
    select
        person_b,
        bond,
        evidence
    from {{ ref('silver__household_links') }}
),

reasons as (
    select
        golden_customer_id,
        count(*) as links,
        {{ joined_text('evidence', '; ', 'evidence') }} as evidence,
        sum(case when bond = 'partner' then 1 else 0 end) as partner_links,
        sum(case when bond = 'parent_and_child' then 1 else 0 end) as parent_and_child_links,
        sum(case when bond = 'same_name_and_address' then 1 else 0 end) as address_links,
        sum(case when bond = 'joint_product' then 1 else 0 end) as joint_product_links
    from ties
    group by golden_customer_id
)

select
    'hh_' || md5(anchors.golden_customer_id) as household_id,
    ranked.golden_customer_id,
    ranked.member_rank = 1 as is_anchor,
    cast(ranked.member_rank as bigint) as member_rank,
    cast(coalesce(reasons.links, 0) as bigint) as links,
    cast(coalesce(reasons.partner_links, 0) as bigint) as partner_links,
    cast(coalesce(reasons.parent_and_child_links, 0) as bigint) as parent_and_child_links,
    cast(coalesce(reasons.address_links, 0) as bigint) as address_links,
    cast(coalesce(reasons.joint_product_links, 0) as bigint) as joint_product_links,
    reasons.evidence
from ranked
inner join ranked as anchors
    on ranked.component = anchors.component and anchors.member_rank = 1
left join reasons
    on ranked.golden_customer_id = reasons.golden_customer_id
