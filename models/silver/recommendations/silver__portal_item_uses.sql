-- Grain: one row per moment, account, user and item of the portal (dashboard, query, feature) that was used until then.
-- Activities of which no user is noted belong to the account: their user_id is an empty text, so that they can be joined.
with items_of_activities as (
    select customer_id, coalesce(user_id, '') as user_id, activity_at, activity_type, 'dashboard' as item_type, dashboard_id as item
    from {{ ref('silver__portal_activities') }}
    where dashboard_id is not null
    union all
    select customer_id, coalesce(user_id, ''), activity_at, activity_type, 'query', query_id
    from {{ ref('silver__portal_activities') }}
    where query_id is not null
    union all
    select customer_id, coalesce(user_id, ''), activity_at, activity_type, 'feature', feature_used
    from {{ ref('silver__portal_activities') }}
    where feature_used is not null
),

counted as (
    select
        moments.moment,
        moments.known_at,
        uses.customer_id,
        uses.user_id,
        uses.item_type,
        uses.item,
        count(*) as uses,
        count(case when uses.activity_at > {{ dbt.dateadd('day', -30, 'moments.known_at') }} then 1 end) as uses_30d,
        count(case when uses.activity_at > {{ dbt.dateadd('day', -90, 'moments.known_at') }} then 1 end) as uses_90d,
        min(uses.activity_at) as first_used_at,
        max(uses.activity_at) as last_used_at,
        min(uses.activity_type) as activity_type
    from items_of_activities as uses
    inner join {{ ref('silver__recommendation_moments') }} as moments
        on uses.activity_at <= moments.known_at
    group by moments.moment, moments.known_at, uses.customer_id, uses.user_id, uses.item_type, uses.item
)

-- What an item is called and is for stands in the seed; one that does not stand there goes by its id and by the activity it was used in.
select
    counted.moment,
    counted.known_at,
    counted.customer_id,
    counted.user_id,
    counted.item_type,
    counted.item,
    coalesce(items.kind, kinds.kind, counted.item_type) as kind,
    coalesce(items.title, counted.item) as title,
    items.data_source,
    counted.uses,
    counted.uses_30d,
    counted.uses_90d,
    counted.first_used_at,
    counted.last_used_at
from counted
left join {{ ref('portal_items') }} as items
    on counted.item_type = items.item_type and counted.item = items.item
left join {{ ref('portal_activity_kinds') }} as kinds
    on counted.activity_type = kinds.activity_type
