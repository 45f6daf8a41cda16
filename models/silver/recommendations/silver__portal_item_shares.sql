-- Grain: one row per moment, account and item: which share of the account's users of the last 90 days used it.
-- Items of few accounts (a dashboard or query of their own) are not shared: they are shown to nobody else.
with recent as (
    select *
    from {{ ref('silver__portal_item_uses') }}
    where uses_90d > 0
),

users as (
    select
        moment,
        customer_id,
        count(distinct user_id) as users_active
    from recent
    group by moment, customer_id
),

used as (
    select
        moment,
        customer_id,
        item_type,
        item,
        max(kind) as kind,
        max(title) as title,
        count(distinct user_id) as users_with
    from recent
    group by moment, customer_id, item_type, item
),

known as (
    select
        *,
        count(*) over (partition by moment, item_type, item) as accounts_with
    from used
)

select
    known.moment,
    known.customer_id,
    known.item_type,
    known.item,
    known.kind,
    known.title,
    known.accounts_with >= {{ var('peer_group_min_accounts') }} as is_shared,
    known.users_with,
    users.users_active,
    cast(known.users_with as double) / nullif(users.users_active, 0) as user_share
from known
inner join users
    on known.moment = users.moment and known.customer_id = users.customer_id
