-- Grain: one row per moment, account and pair of different shared items: which share of the account's users of the first used the second as well.
with recent as (
    select
        uses.moment,
        uses.customer_id,
        uses.user_id,
        uses.item_type,
        uses.item
    from {{ ref('silver__portal_item_uses') }} as uses
    inner join {{ ref('silver__portal_item_shares') }} as shares
        on
            uses.moment = shares.moment and uses.customer_id = shares.customer_id
            and uses.item_type = shares.item_type and uses.item = shares.item
    where uses.uses_90d > 0 and shares.is_shared
),

pairs as (
    select
        given.moment,
        given.customer_id,
        given.item_type as given_item_type,
        given.item as given_item,
        other.item_type,
        other.item,
        count(*) as users_with_both
    from recent as given
    inner join recent as other
        on
            given.moment = other.moment and given.customer_id = other.customer_id and given.user_id = other.user_id
            and (given.item_type <> other.item_type or given.item <> other.item)
    group by given.moment, given.customer_id, given.item_type, given.item, other.item_type, other.item
)

select
    pairs.moment,
    pairs.customer_id,
    pairs.given_item_type,
    pairs.given_item,
    pairs.item_type,
    pairs.item,
    pairs.users_with_both,
    cast(pairs.users_with_both as double) / nullif(shares.users_with, 0) as both_share
from pairs
inner join {{ ref('silver__portal_item_shares') }} as shares
    on
        pairs.moment = shares.moment and pairs.customer_id = shares.customer_id
        and pairs.given_item_type = shares.item_type and pairs.given_item = shares.item
