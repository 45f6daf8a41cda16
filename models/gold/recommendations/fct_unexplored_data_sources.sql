-- Grain: one row per account that uses the portal and data source on offer that it never looked at, or not in the last 30 days, and that holds
-- something about it. What others do with the source is told only where at least peer_group_min_accounts of them do.
{%- set fewest = var('peer_group_min_accounts') %}
with today as (
    select daily.*
    from {{ ref('silver__account_daily') }} as daily
    inner join {{ ref('silver__as_of') }} as build
        on daily.date_day = cast(build.as_of as date)
),

-- How much there is to see, counted as the words of the seed say.
holdings as (
    select
        today.customer_id,
        sources.data_source,
        cast(case sources.data_source
            when 'revenue' then today.mrr
            when 'billing' then today.bills_due_180d
            when 'product_usage' then today.user_days_30d
            when 'web_sessions' then today.sessions_30d
            when 'support_tickets' then today.tickets_90d
            when 'surveys' then today.survey_answers_180d
            when 'engagements' then today.engagements_held_90d
            when 'goals' then today.goals_judged_365d
        end as double) as rows_held
    from today
    cross join {{ ref('portal_data_sources') }} as sources
),

uses as (
    select *
    from {{ ref('silver__portal_item_uses') }}
    where moment = 'today'
),

portal_accounts as (
    select
        customer_id,
        max(case when uses_90d > 0 then 1 else 0 end) = 1 as is_active_90d
    from uses
    group by customer_id
),

looked_at as (
    select
        customer_id,
        data_source,
        max(last_used_at) as last_used_at,
        cast(sum(uses) as bigint) as uses,
        cast(sum(uses_30d) as bigint) as uses_30d,
        cast(sum(uses_90d) as bigint) as uses_90d
    from uses
    where data_source is not null
    group by customer_id, data_source
),

-- Sources that nothing in the portal shows are on offer to nobody.
offered as (
    select sources.*
    from {{ ref('portal_data_sources') }} as sources
    where exists (
        select 1
        from {{ ref('portal_items') }} as items
        where items.data_source = sources.data_source
    )
),

unexplored as (
    select
        portal_accounts.customer_id,
        offered.data_source,
        offered.title,
        offered.rows_words,
        offered.used_for,
        holdings.rows_held,
        looked_at.last_used_at,
        coalesce(looked_at.uses, 0) as uses,
        coalesce(looked_at.uses_90d, 0) as uses_90d,
        case
            when looked_at.customer_id is null then 'never'
            when looked_at.uses_90d = 0 then 'not in 90 days'
            else 'not in 30 days'
        end as unexplored_since
    from portal_accounts
    inner join {{ ref('fct_peer_groups') }} as customers
        on portal_accounts.customer_id = customers.customer_id
    cross join offered
    left join looked_at
        on portal_accounts.customer_id = looked_at.customer_id and offered.data_source = looked_at.data_source
    left join holdings
        on portal_accounts.customer_id = holdings.customer_id and offered.data_source = holdings.data_source
    where
        coalesce(looked_at.uses_30d, 0) = 0
        and (holdings.rows_held is null or holdings.rows_held > 0)
),

-- Accounts of a group that use the portal, and those of them that use the source.
group_users as (
    select
        members.level_number,
        members.peer_group,
        members.customer_id
    from {{ ref('silver__peer_memberships') }} as members
    inner join portal_accounts
        on members.customer_id = portal_accounts.customer_id and portal_accounts.is_active_90d
),

group_sizes as (
    select
        level_number,
        peer_group,
        count(*) as accounts
    from group_users
    group by level_number, peer_group
),

group_sources as (
    select
        group_users.level_number,
        group_users.peer_group,
        looked_at.data_source,
        count(*) as accounts
    from group_users
    inner join looked_at
        on group_users.customer_id = looked_at.customer_id and looked_at.uses_90d > 0
    group by group_users.level_number, group_users.peer_group, looked_at.data_source
),

-- The narrowest group in which enough others use the portal, one for all sources of an account; then whether enough of them use the source.
chosen as (
    select
        members.customer_id,
        members.level_number,
        members.peer_group,
        group_sizes.accounts - case when portal_accounts.is_active_90d then 1 else 0 end as others,
        row_number() over (partition by members.customer_id order by members.level_number nulls last) as place
    from {{ ref('silver__peer_memberships') }} as members
    inner join group_sizes
        on members.level_number = group_sizes.level_number and members.peer_group = group_sizes.peer_group
    inner join portal_accounts
        on members.customer_id = portal_accounts.customer_id
    where group_sizes.accounts - case when portal_accounts.is_active_90d then 1 else 0 end >= {{ fewest }}
),

-- The item of the source that most other accounts use.
favourites as (
    select
        items.data_source,
        adoption.title,
        adoption.item_type,
        adoption.item,
        row_number() over (
            partition by items.data_source
            order by adoption.user_shares desc nulls last, adoption.item_type nulls last, adoption.item nulls last
        ) as place
    from {{ ref('silver__portal_item_adoption') }} as adoption
    inner join {{ ref('portal_items') }} as items
        on adoption.item_type = items.item_type and adoption.item = items.item
    where adoption.moment = 'today' and not adoption.has_colleagues and adoption.accounts_with > {{ fewest }} and items.data_source is not null
),

compared as (
    select
        unexplored.*,
        chosen.peer_group,
        chosen.others,
        group_sources.accounts - case when unexplored.uses_90d > 0 then 1 else 0 end as others_using,
        favourites.title as favourite_title,
        favourites.item_type as favourite_item_type,
        favourites.item as favourite_item
    from unexplored
    left join chosen
        on unexplored.customer_id = chosen.customer_id and chosen.place = 1
    left join group_sources
        on
            chosen.level_number = group_sources.level_number and chosen.peer_group = group_sources.peer_group
            and unexplored.data_source = group_sources.data_source
    left join favourites
        on unexplored.data_source = favourites.data_source and favourites.place = 1
),

shown as (
    select
        *,
        others_using >= {{ fewest }} as is_use_shown,
        case when others_using >= {{ fewest }} then cast(5 * floor(others_using / 5.0) as bigint) end as peers_using_at_least,
        case when others_using >= {{ fewest }} then round(20.0 * others_using / nullif(others, 0)) / 20 end as peer_share,
        cast(cast(round(rows_held) as bigint) as {{ dbt.type_string() }}) as rows_text
    from compared
)

select
    customer_id,
    data_source,
    title as data_source_title,
    unexplored_since,
    last_used_at,
    uses,
    rows_held,
    case when is_use_shown then peer_group end as peer_group,
    peers_using_at_least,
    cast(peer_share as double) as peer_share,
    used_for,
    favourite_item_type as item_type,
    favourite_item as item,
    favourite_title as item_title,
    row_number() over (
        partition by customer_id order by coalesce(peer_share, 0) desc nulls last, data_source nulls last
    ) as source_rank,
    case
        when unexplored_since = 'never' then 'Nobody of your account has looked at "' || title || '" yet'
        else 'Nobody of your account has looked at "' || title || '"' || case unexplored_since when 'not in 90 days' then ' for 90 days' else ' for 30 days' end
    end
    || case when rows_held is not null then ', although it is not empty (' || rows_words || ': ' || rows_text || ')' else '' end
    || '. It tells ' || used_for || '.'
    || case
        when peer_share is not null
            then ' About ' || {{ spoken_value('peer_share', "'ratio'") }} || ' of similar accounts (' || peer_group || ') used it in the last 90 days.'
        else ''
    end
    || case when favourite_title is not null then ' Used most elsewhere: the ' || favourite_item_type || ' "' || favourite_title || '".' else '' end as sentence
from shown
