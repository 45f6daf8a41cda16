-- Grain: one row per account that is a customer at as_of: the group of similar accounts it is compared with, the narrowest that has at least
-- peer_group_min_accounts others. One group for everything, so that no reader sees two that differ by a few accounts.
with qualified as (
    select
        *,
        row_number() over (partition by customer_id order by level_number nulls last) as place
    from {{ ref('silver__peer_memberships') }}
    where other_accounts >= {{ var('peer_group_min_accounts') }}
),

customers as (
    select customer_id
    from {{ ref('silver__peer_memberships') }}
    group by customer_id
)

select
    customers.customer_id,
    qualified.level_number,
    coalesce(qualified.level_name, 'none') as level_name,
    qualified.peer_group,
    cast(5 * floor(qualified.other_accounts / 5.0) as bigint) as other_accounts_at_least
from customers
left join qualified
    on customers.customer_id = qualified.customer_id and qualified.place = 1
