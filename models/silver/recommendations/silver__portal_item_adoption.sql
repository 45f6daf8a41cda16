-- Grain: one row per moment, item that enough accounts use, and whether a colleague uses it: of the users who had not used it 60 days before, how
-- many took it up since. What many use need not be what those who do not use it yet take up next, and colleagues matter for some items only.
{# How many users the rate of all items of the type weighs as much as. #}
{%- set users_of_shrinkage = 20 %}
with users as (
    select
        moment,
        known_at,
        customer_id,
        user_id
    from {{ ref('silver__portal_item_uses') }}
    group by moment, known_at, customer_id, user_id
    having
        min(first_used_at) <= {{ dbt.dateadd('day', -60, 'known_at') }}
        and max(last_used_at) > {{ dbt.dateadd('day', -150, 'known_at') }}
),

known_users as (
    select
        moment,
        count(*) as users_known
    from users
    group by moment
),

items as (
    select
        moment,
        item_type,
        item,
        max(kind) as kind,
        max(title) as title,
        count(*) as accounts_with,
        sum(user_share) as user_shares
    from {{ ref('silver__portal_item_shares') }}
    where is_shared
    group by moment, item_type, item
),

used as (
    select
        uses.moment,
        uses.item_type,
        uses.item,
        uses.customer_id,
        max(case when uses.first_used_at <= {{ dbt.dateadd('day', -60, 'uses.known_at') }} then 1 else 0 end) as anyone_before,
        count(case when users.user_id is not null and uses.first_used_at <= {{ dbt.dateadd('day', -60, 'uses.known_at') }} then 1 end) as users_before,
        count(case when users.user_id is not null and uses.first_used_at > {{ dbt.dateadd('day', -60, 'uses.known_at') }} then 1 end) as users_since
    from {{ ref('silver__portal_item_uses') }} as uses
    left join users
        on uses.moment = users.moment and uses.customer_id = users.customer_id and uses.user_id = users.user_id
    group by uses.moment, uses.item_type, uses.item, uses.customer_id
),

account_users as (
    select
        moment,
        customer_id,
        count(*) as users_known
    from users
    group by moment, customer_id
),

in_accounts as (
    select
        used.moment,
        used.item_type,
        used.item,
        sum(used.users_before) as users_before,
        sum(used.users_since) as users_since,
        sum(case when used.anyone_before = 1 then coalesce(account_users.users_known, 0) - used.users_before else 0 end) as users_without,
        sum(case when used.anyone_before = 1 then used.users_since else 0 end) as users_adopted
    from used
    left join account_users
        on used.moment = account_users.moment and used.customer_id = account_users.customer_id
    group by used.moment, used.item_type, used.item
),

cases as (
    select true as has_colleagues
    union all
    select false as has_colleagues
),

counted as (
    select
        items.*,
        cases.has_colleagues,
        cast(coalesce(
            case
                when cases.has_colleagues then in_accounts.users_without
                else known_users.users_known - in_accounts.users_before - in_accounts.users_without
            end,
            0
        ) as bigint) as users_without,
        cast(coalesce(
            case
                when cases.has_colleagues then in_accounts.users_adopted
                else in_accounts.users_since - in_accounts.users_adopted
            end,
            0
        ) as bigint) as users_adopted
    from items
    cross join cases
    left join known_users
        on items.moment = known_users.moment
    left join in_accounts
        on items.moment = in_accounts.moment and items.item_type = in_accounts.item_type and items.item = in_accounts.item
),

-- The rate of the type with, or without, colleagues, drawn to that of the type.
typed as (
    select
        *,
        cast(sum(users_adopted) over (partition by moment, item_type) as double)
        / nullif(sum(users_without) over (partition by moment, item_type), 0) as rate_of_type,
        sum(users_adopted) over (partition by moment, item_type, has_colleagues) as adopted_of_type,
        sum(users_without) over (partition by moment, item_type, has_colleagues) as without_of_type
    from counted
),

drawn as (
    select
        *,
        (adopted_of_type + {{ users_of_shrinkage }} * rate_of_type) / nullif(without_of_type + {{ users_of_shrinkage }}, 0) as rate_of_type_and_colleagues
    from typed
)

select
    moment,
    item_type,
    item,
    has_colleagues,
    kind,
    title,
    accounts_with,
    user_shares,
    users_without,
    users_adopted,
    -- Empty where nobody was there long enough to tell.
    (users_adopted + {{ users_of_shrinkage }} * rate_of_type_and_colleagues) / nullif(users_without + {{ users_of_shrinkage }}, 0) as adoption_rate,
    rate_of_type
from drawn
