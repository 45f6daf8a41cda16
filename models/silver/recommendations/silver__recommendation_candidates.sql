-- Grain: one row per moment, account, user active in the 90 days before, and item that the user never used but colleagues do, or at least
-- peer_group_min_accounts other accounts. Its probability is that the user takes it up within 60 days: the odds with which others took
-- it up lately, moved by what the user's colleagues use and by what goes together with what the user uses.
{# How many accounts the usual share weighs as much as: small counts are drawn to it. #}
{%- set accounts_of_shrinkage = 10 %}
{# Items go together if the share among users of the other is above the usual one by more than chance: 99 % interval by Wilson over accounts. #}
{%- set z = 2.576 %}
{# Colleagues who must use what only the account has before it is recommended to the others. #}
{%- set fewest_colleagues = 2 %}
{%- set fewest = var('peer_group_min_accounts') %}
with recent as (
    select *
    from {{ ref('silver__portal_item_uses') }}
    where uses_90d > 0
),

users as (
    select
        moment,
        known_at,
        customer_id,
        user_id
    from recent
    group by moment, known_at, customer_id, user_id
),

accounts as (
    select
        moment,
        customer_id,
        count(*) as users_active
    from users
    group by moment, customer_id
),

portal as (
    select
        moment,
        count(*) as accounts_active
    from accounts
    group by moment
),

pairs as (
    select
        moment,
        given_item_type,
        given_item,
        item_type,
        item,
        count(*) as accounts_both,
        sum(both_share) as both_shares
    from {{ ref('silver__portal_item_pairs') }}
    group by moment, given_item_type, given_item, item_type, item
),

-- Who uses much uses more of everything. So an item must go with the given one more than with the others.
with_any as (
    select
        pairs.moment,
        pairs.item_type,
        pairs.item,
        sum(pairs.both_shares) as both_shares,
        sum(given.accounts_with) as accounts_given
    from pairs
    inner join {{ ref('silver__portal_item_adoption') }} as given
        on
            pairs.moment = given.moment and pairs.given_item_type = given.item_type and pairs.given_item = given.item
            and not given.has_colleagues
    group by pairs.moment, pairs.item_type, pairs.item
),

-- What the user's own account does is no evidence from others.
shared as (
    select
        users.moment,
        users.known_at,
        users.customer_id,
        users.user_id,
        items.item_type,
        items.item,
        items.kind,
        items.title,
        portal.accounts_active - 1 as other_accounts,
        items.accounts_with - case when own.item is not null then 1 else 0 end as other_accounts_with,
        least(greatest(
            (items.user_shares - coalesce(own.user_share, 0)) / nullif(portal.accounts_active - 1, 0), 0.005
        ), 0.995) as usual_share,
        items.rate_of_type,
        case when own.users_with > 0 then with_colleagues.adoption_rate else items.adoption_rate end as adoption_rate,
        accounts.users_active - 1 as colleagues,
        coalesce(own.users_with, 0) as colleagues_with
    from users
    inner join accounts
        on users.moment = accounts.moment and users.customer_id = accounts.customer_id
    inner join portal
        on users.moment = portal.moment
    inner join {{ ref('silver__portal_item_adoption') }} as items
        on users.moment = items.moment and not items.has_colleagues
    left join {{ ref('silver__portal_item_shares') }} as own
        on
            users.moment = own.moment and users.customer_id = own.customer_id
            and items.item_type = own.item_type and items.item = own.item
    left join {{ ref('silver__portal_item_adoption') }} as with_colleagues
        on
            items.moment = with_colleagues.moment and items.item_type = with_colleagues.item_type and items.item = with_colleagues.item
            and with_colleagues.has_colleagues
    where
        items.accounts_with - case when own.item is not null then 1 else 0 end >= {{ fewest }}
        and not exists (
            select 1
            from {{ ref('silver__portal_item_uses') }} as used
            where
                used.moment = users.moment and used.customer_id = users.customer_id and used.user_id = users.user_id
                and used.item_type = items.item_type and used.item = items.item
        )
),

-- Of what only few accounts use, the user sees what colleagues do, and nothing else is told of it.
rates as (
    select
        moment,
        item_type,
        cast(sum(users_adopted) as double) / nullif(sum(users_without), 0) as adoption_rate
    from {{ ref('silver__portal_item_adoption') }}
    where has_colleagues
    group by moment, item_type
),

of_the_account as (
    select
        users.moment,
        users.known_at,
        users.customer_id,
        users.user_id,
        own.item_type,
        own.item,
        own.kind,
        own.title,
        accounts.users_active - 1 as colleagues,
        own.users_with as colleagues_with,
        case when portal.accounts_active - 1 >= {{ fewest }} then rates.adoption_rate end as adoption_rate
    from users
    inner join accounts
        on users.moment = accounts.moment and users.customer_id = accounts.customer_id
    inner join portal
        on users.moment = portal.moment
    inner join {{ ref('silver__portal_item_shares') }} as own
        on users.moment = own.moment and users.customer_id = own.customer_id
    left join shared
        on
            users.moment = shared.moment and users.customer_id = shared.customer_id and users.user_id = shared.user_id
            and own.item_type = shared.item_type and own.item = shared.item
    left join rates
        on own.moment = rates.moment and own.item_type = rates.item_type
    where
        shared.item is null
        and own.users_with >= {{ fewest_colleagues }}
        and not exists (
            select 1
            from {{ ref('silver__portal_item_uses') }} as used
            where
                used.moment = users.moment and used.customer_id = users.customer_id and used.user_id = users.user_id
                and used.item_type = own.item_type and used.item = own.item
        )
),

eligible as (
    select
        moment, known_at, customer_id, user_id, item_type, item, kind, title, other_accounts, other_accounts_with, usual_share, rate_of_type,
        adoption_rate, colleagues, colleagues_with
    from shared
    union all
    select
        moment, known_at, customer_id, user_id, item_type, item, kind, title, null, null, null, null,
        adoption_rate, colleagues, colleagues_with
    from of_the_account
),

together as (
    select
        eligible.moment,
        eligible.customer_id,
        eligible.user_id,
        eligible.item_type,
        eligible.item,
        greatest(
            eligible.usual_share,
            coalesce((with_any.both_shares - pairs.both_shares) / nullif(with_any.accounts_given - given.accounts_with, 0), 0)
        ) as usual_share,
        recent.item_type as given_item_type,
        recent.item as given_item,
        recent.title as given_title,
        recent.uses_30d as given_uses_30d,
        recent.uses_90d as given_uses_90d,
        given.accounts_with - 1 as accounts_given,
        pairs.accounts_both - case when own.item is not null then 1 else 0 end as accounts_both,
        least(greatest(
            (pairs.both_shares - coalesce(own.both_share, 0)) / nullif(given.accounts_with - 1, 0), 0
        ), 1) as both_share
    from eligible
    inner join recent
        on eligible.moment = recent.moment and eligible.customer_id = recent.customer_id and eligible.user_id = recent.user_id
    inner join {{ ref('silver__portal_item_adoption') }} as given
        on recent.moment = given.moment and recent.item_type = given.item_type and recent.item = given.item and not given.has_colleagues
    inner join pairs
        on
            eligible.moment = pairs.moment
            and recent.item_type = pairs.given_item_type and recent.item = pairs.given_item
            and eligible.item_type = pairs.item_type and eligible.item = pairs.item
    inner join with_any
        on pairs.moment = with_any.moment and pairs.item_type = with_any.item_type and pairs.item = with_any.item
    left join {{ ref('silver__portal_item_pairs') }} as own
        on
            eligible.moment = own.moment and eligible.customer_id = own.customer_id
            and recent.item_type = own.given_item_type and recent.item = own.given_item
            and eligible.item_type = own.item_type and eligible.item = own.item
),

judged as (
    select
        *,
        (accounts_given * both_share + {{ accounts_of_shrinkage }} * usual_share)
        / nullif(accounts_given + {{ accounts_of_shrinkage }}, 0) as shrunk_share,
        (
            both_share + {{ z * z / 2 }} / nullif(accounts_given, 0)
            - {{ z }} * sqrt(
                both_share * (1 - both_share) / nullif(accounts_given, 0)
                + {{ z * z / 4 }} / nullif(cast(accounts_given as double) * accounts_given, 0)
            )
        ) / nullif(1 + {{ z * z }} / nullif(accounts_given, 0), 0) as lowest_share
    from together
    where accounts_both >= {{ fewest }}
),

best as (
    select
        *,
        row_number() over (
            partition by moment, customer_id, user_id, item_type, item
            order by shrunk_share desc nulls last, given_uses_90d desc nulls last, given_item_type nulls last, given_item nulls last
        ) as place
    from judged
    where lowest_share > usual_share
),

moved as (
    select
        eligible.*,
        best.given_item_type,
        best.given_item,
        best.given_title,
        best.given_uses_30d,
        best.given_uses_90d,
        best.accounts_given,
        best.accounts_both,
        best.both_share,
        best.usual_share as expected_share,
        best.both_share / nullif(best.usual_share, 0) as lift,
        -- Where too few others are there to learn a chance from, the share of colleagues only puts the items in order.
        least(greatest(
            coalesce(eligible.adoption_rate, eligible.usual_share, eligible.colleagues_with * 1.0 / nullif(eligible.colleagues + 1, 0)), 0.001
        ), 0.995) as starting_chance,
        -- The least of nothing and something is something: what goes together with nothing is asked for first.
        case
            when best.place is null then 0
            else
                ln(least(best.shrunk_share, 0.995) / nullif(1 - least(best.shrunk_share, 0.995), 0))
                - ln(least(best.usual_share, 0.995) / nullif(1 - least(best.usual_share, 0.995), 0))
        end as moved_by_co_use
    from eligible
    left join best
        on
            eligible.moment = best.moment and eligible.customer_id = best.customer_id and eligible.user_id = best.user_id
            and eligible.item_type = best.item_type and eligible.item = best.item and best.place = 1
)

select
    moment,
    known_at,
    customer_id,
    user_id,
    item_type,
    item,
    kind,
    title,
    other_accounts,
    other_accounts_with,
    usual_share,
    adoption_rate,
    colleagues,
    colleagues_with,
    given_item_type,
    given_item,
    given_title,
    given_uses_30d,
    given_uses_90d,
    accounts_given,
    accounts_both,
    both_share,
    expected_share,
    lift,
    1 / nullif(1 + exp(-(ln(starting_chance / nullif(1 - starting_chance, 0)) + moved_by_co_use)), 0) as probability,
    case
        when moved_by_co_use > 0 then 'used_together'
        when colleagues_with > 0 and (usual_share is null or adoption_rate > rate_of_type) then 'colleagues'
        else 'popular'
    end as method
from moved
