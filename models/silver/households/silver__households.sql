-- Grain: one row per household; its type is that of the first rule of the seed household_type_rules that fits.
with counted as (
    select
        household_id,
        max(case when is_anchor then golden_customer_id end) as anchor_golden_customer_id,
        count(*) as members,
        sum(partner_links) as partner_links,
        sum(parent_and_child_links) as parent_and_child_links,
        sum(address_links) as address_links,
        sum(joint_product_links) as joint_product_links
    from {{ ref('silver__household_members') }}
    group by household_id
),

matched as (
    select
        counted.*,
        rules.household_type,
        rules.priority,
        row_number() over (partition by counted.household_id order by rules.priority nulls last) as rule_rank
    from counted
    inner join {{ ref('household_type_rules') }} as rules
        on
            (rules.min_members is null or counted.members >= rules.min_members)
            and (rules.max_members is null or counted.members <= rules.max_members)
            and (
                coalesce(rules.needs_bond, '') = ''
                or (rules.needs_bond = 'partner' and counted.partner_links > 0)
                or (rules.needs_bond = 'parent_and_child' and counted.parent_and_child_links > 0)
                or (rules.needs_bond = 'same_name_and_address' and counted.address_links > 0)
                or (rules.needs_bond = 'joint_product' and counted.joint_product_links > 0)
            )
)

select
    matched.household_id,
    matched.anchor_golden_customer_id,
    matched.household_type,
    cast(matched.priority as integer) as type_rule,
    cast(matched.members as bigint) as members,
    -- Every link stands at both of its ends.
    cast(matched.partner_links / 2 as bigint) as partner_links,
    cast(matched.parent_and_child_links / 2 as bigint) as parent_and_child_links,
    cast(matched.address_links / 2 as bigint) as address_links,
    cast(matched.joint_product_links / 2 as bigint) as joint_product_links,
    homes.address_key
from matched
left join {{ ref('silver__homes') }} as homes
    on matched.anchor_golden_customer_id = homes.golden_customer_id
where matched.rule_rank = 1
