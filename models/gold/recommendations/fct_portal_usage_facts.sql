-- Grain: one row per account, user (none: the account itself), fact and what it is about at as_of: what the rules of the seed recommendation_rules ask about.
with activities as (
    select
        build.as_of as known_at,
        activities.customer_id,
        coalesce(activities.user_id, '') as user_id,
        activities.activity_at,
        activities.activity_type,
        activities.success_indicator,
        activities.support_ticket_created,
        activities.marked_as_valuable,
        activities.activity_at > {{ dbt.dateadd('day', -30, 'build.as_of') }} as is_within_30d,
        activities.activity_at > {{ dbt.dateadd('day', -90, 'build.as_of') }} as is_within_90d
    from {{ ref('silver__portal_activities') }} as activities
    cross join {{ ref('silver__as_of') }} as build
),

uses as (
    select
        *,
        {{ dbt.datediff('last_used_at', 'known_at', 'day') }} as days_since
    from {{ ref('silver__portal_item_uses') }}
    where moment = 'today' and item_type <> 'query'
),

users as (
    select
        customer_id,
        user_id,
        {{ dbt.datediff('max(activity_at)', 'known_at', 'day') }} as days_since,
        count(*) as activities,
        count(case when is_within_90d and support_ticket_created then 1 end) as help_asked_90d,
        count(case when is_within_90d then 1 end) as activities_90d,
        count(case when is_within_90d and marked_as_valuable then 1 end) as valuable_90d,
        count(case when activity_type = 'insight_sharing' then 1 end) as shared
    from activities
    group by known_at, customer_id, user_id
),

-- Blocks of three hours, UTC.
blocks as (
    select
        customer_id,
        user_id,
        cast(3 * floor(extract(hour from activity_at) / 3.0) as bigint) as hour_from,
        count(*) as activities
    from activities
    where is_within_30d
    group by customer_id, user_id, cast(3 * floor(extract(hour from activity_at) / 3.0) as bigint)
),

busiest as (
    select
        *,
        sum(activities) over (partition by customer_id, user_id) as activities_of_user,
        row_number() over (partition by customer_id, user_id order by activities desc nulls last, hour_from nulls last) as place
    from blocks
),

facts as (
    select customer_id, user_id, 'item_uses_30d' as fact, item as about, title as about_title, cast(uses_30d as double) as fact_value, uses as evidence_rows
    from uses
    where uses_30d > 0
    union all
    select customer_id, user_id, 'dashboard_uses_30d', item, title, cast(uses_30d as double), uses
    from uses
    where uses_30d > 0 and item_type = 'dashboard'
    union all
    -- Of who comes still; who does not has not dropped an item but the portal.
    select uses.customer_id, uses.user_id, 'days_since_item', uses.item, uses.title, cast(uses.days_since as double), uses.uses
    from uses
    inner join users
        on uses.customer_id = users.customer_id and uses.user_id = users.user_id
    where users.days_since <= 30
    union all
    select uses.customer_id, uses.user_id, 'source_uses_30d', uses.data_source, max(sources.title), cast(sum(uses.uses_30d) as double), sum(uses.uses)
    from uses
    inner join {{ ref('portal_data_sources') }} as sources
        on uses.data_source = sources.data_source
    where uses.uses_30d > 0
    group by uses.customer_id, uses.user_id, uses.data_source
    union all
    select
        activities.customer_id, activities.user_id, 'kind_success_90d', kinds.kind, max(kinds.words),
        cast(sum(case when activities.success_indicator then 1 else 0 end) as double) / nullif(count(activities.success_indicator), 0),
        count(activities.success_indicator)
    from activities
    inner join {{ ref('portal_activity_kinds') }} as kinds
        on activities.activity_type = kinds.activity_type
    where activities.is_within_90d
    group by activities.customer_id, activities.user_id, kinds.kind
    union all
    select customer_id, user_id, 'help_asked_90d', 'portal', 'the portal', cast(help_asked_90d as double), activities_90d
    from users
    where help_asked_90d > 0
    union all
    select customer_id, user_id, 'valuable_unshared_90d', 'portal', 'the portal', cast(valuable_90d as double), activities_90d
    from users
    where valuable_90d > 0 and shared = 0
    union all
    select customer_id, user_id, 'days_since_activity', 'portal', 'the portal', cast(days_since as double), activities
    from users
    union all
    select
        customer_id, user_id, 'busiest_hours_share', cast(hour_from as {{ dbt.type_string() }}),
        cast(hour_from as {{ dbt.type_string() }}) || ':00 and ' || cast(hour_from + 3 as {{ dbt.type_string() }}) || ':00 UTC',
        cast(activities as double) / nullif(activities_of_user, 0), activities_of_user
    from busiest
    where place = 1
    union all
    select
        customer_id, cast(null as {{ dbt.type_string() }}), 'stage_success_90d', journey_stage, replace(journey_stage, '_', ' '), success_rate,
        activities_count
    from {{ ref('fct_account_journey_stages') }}
    union all
    select customers.customer_id, cast(null as {{ dbt.type_string() }}), 'portal_unused', 'portal', 'the portal', cast(1 as double), 0
    from {{ ref('fct_peer_groups') }} as customers
    where not exists (
        select 1
        from {{ ref('silver__portal_activities') }} as used
        where used.customer_id = customers.customer_id
    )
)

select
    customer_id,
    nullif(user_id, '') as user_id,
    fact,
    about,
    about_title,
    fact_value,
    cast(evidence_rows as bigint) as evidence_rows
from facts
where fact_value is not null
