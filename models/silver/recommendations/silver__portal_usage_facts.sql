-- Grain: one row per moment, account, user, fact and subject: what the rules of the seed recommendation_rules ask about.
with activities as (
    select
        moments.moment,
        moments.known_at,
        activities.customer_id,
        coalesce(activities.user_id, '') as user_id,
        activities.activity_at,
        activities.activity_type,
        activities.success_indicator,
        activities.support_ticket_created,
        activities.marked_as_valuable,
        activities.activity_at > {{ dbt.dateadd('day', -30, 'moments.known_at') }} as is_within_30d,
        activities.activity_at > {{ dbt.dateadd('day', -90, 'moments.known_at') }} as is_within_90d
    from {{ ref('silver__portal_activities') }} as activities
    inner join {{ ref('silver__recommendation_moments') }} as moments
        on activities.activity_at <= moments.known_at
),

uses as (
    select
        *,
        {{ dbt.datediff('last_used_at', 'known_at', 'day') }} as days_since
    from {{ ref('silver__portal_item_uses') }}
    where item_type <> 'query'
),

users as (
    select
        moment,
        customer_id,
        user_id,
        {{ dbt.datediff('max(activity_at)', 'known_at', 'day') }} as days_since,
        count(*) as activities,
        count(case when is_within_90d and support_ticket_created then 1 end) as help_asked_90d,
        count(case when is_within_90d then 1 end) as activities_90d,
        count(case when is_within_90d and marked_as_valuable then 1 end) as valuable_90d,
        count(case when activity_type = 'insight_sharing' then 1 end) as shared
    from activities
    group by moment, known_at, customer_id, user_id
),

-- Blocks of three hours, UTC.
blocks as (
    select
        moment,
        customer_id,
        user_id,
        cast(3 * floor(extract(hour from activity_at) / 3.0) as bigint) as hour_from,
        count(*) as activities
    from activities
    where is_within_30d
    group by moment, customer_id, user_id, cast(3 * floor(extract(hour from activity_at) / 3.0) as bigint)
),

busiest as (
    select
        *,
        sum(activities) over (partition by moment, customer_id, user_id) as activities_of_user,
        row_number() over (partition by moment, customer_id, user_id order by activities desc nulls last, hour_from nulls last) as place
    from blocks
),

facts as (
    select moment, customer_id, user_id, 'item_uses_30d' as fact, item as subject, title as subject_title, cast(uses_30d as double) as fact_value, uses as evidence
    from uses
    where uses_30d > 0
    union all
    select moment, customer_id, user_id, 'dashboard_uses_30d', item, title, cast(uses_30d as double), uses
    from uses
    where uses_30d > 0 and item_type = 'dashboard'
    union all
    select moment, customer_id, user_id, 'days_since_item', item, title, cast(days_since as double), uses
    from uses
    union all
    select uses.moment, uses.customer_id, uses.user_id, 'source_uses_30d', uses.data_source, max(sources.title), cast(sum(uses.uses_30d) as double), sum(uses.uses)
    from uses
    inner join {{ ref('portal_data_sources') }} as sources
        on uses.data_source = sources.data_source
    where uses.uses_30d > 0
    group by uses.moment, uses.customer_id, uses.user_id, uses.data_source
    union all
    select
        activities.moment, activities.customer_id, activities.user_id, 'kind_success_90d', kinds.kind, max(kinds.words),
        cast(sum(case when activities.success_indicator then 1 else 0 end) as double) / nullif(count(activities.success_indicator), 0),
        count(activities.success_indicator)
    from activities
    inner join {{ ref('portal_activity_kinds') }} as kinds
        on activities.activity_type = kinds.activity_type
    where activities.is_within_90d
    group by activities.moment, activities.customer_id, activities.user_id, kinds.kind
    union all
    select moment, customer_id, user_id, 'help_asked_90d', 'portal', 'the portal', cast(help_asked_90d as double), activities_90d
    from users
    where help_asked_90d > 0
    union all
    select moment, customer_id, user_id, 'valuable_unshared_90d', 'portal', 'the portal', cast(valuable_90d as double), activities_90d
    from users
    where valuable_90d > 0 and shared = 0
    union all
    select moment, customer_id, user_id, 'days_since_activity', 'portal', 'the portal', cast(days_since as double), activities
    from users
    union all
    select
        moment, customer_id, user_id, 'busiest_hours_share', cast(hour_from as {{ dbt.type_string() }}),
        cast(hour_from as {{ dbt.type_string() }}) || ':00 and ' || cast(hour_from + 3 as {{ dbt.type_string() }}) || ':00 UTC',
        cast(activities as double) / nullif(activities_of_user, 0), activities_of_user
    from busiest
    where place = 1
)

select
    moment,
    customer_id,
    user_id,
    fact,
    subject,
    subject_title,
    fact_value,
    cast(evidence as bigint) as evidence
from facts
where fact_value is not null
