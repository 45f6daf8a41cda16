-- Grain: one row per login at as_of: what it did in the last 30 days, and the raw values of its engagement score.
-- A visit that is known to be the login's only since it signed in later counts here, unlike in the history of accounts: today it is known.
with build as (
    select
        build.as_of,
        cast(build.as_of as date) as today,
        cast({{ dbt.dateadd('day', -29, 'cast(build.as_of as date)') }} as date) as first_day,
        context.is_activity_known_30d
    from {{ ref('silver__as_of') }} as build
    inner join {{ ref('silver__score_context') }} as context
        on context.date_day = cast(build.as_of as date)
),

activity as (
    select
        days.user_id,
        max(days.active_on) as last_active_on,
        count(distinct case when days.active_on >= build.first_day then days.active_on end) as active_days_30d
    from {{ ref('silver__activity_days') }} as days
    cross join build
    where days.user_id != '' and days.active_on <= build.today
    group by days.user_id
),

feature_use as (
    select
        uses.user_id,
        count(distinct uses.feature_name) as features_adopted,
        count(distinct case when uses.used_on >= build.first_day then uses.feature_name end) as features_used_30d
    from {{ ref('silver__feature_use') }} as uses
    cross join build
    where uses.user_id != '' and uses.used_on <= build.today
    group by uses.user_id
),

sessions as (
    select
        sessions.user_id,
        max(sessions.ended_at) as last_session_at,
        count(case when cast(sessions.started_at as date) >= build.first_day then 1 end) as total_sessions_30d,
        sum(case when cast(sessions.started_at as date) >= build.first_day then sessions.duration_seconds / 60 else 0 end) as session_minutes_30d
    from {{ ref('silver__account_sessions') }} as sessions
    cross join build
    where sessions.user_id is not null and sessions.ended_at <= build.as_of
    group by sessions.user_id
),

seen as (
    select
        users.user_id,
        users.customer_id,
        users.created_at,
        -- A day without a time counts from its beginning.
        greatest(
            sessions.last_session_at,
            case when users.last_login_at <= build.as_of then users.last_login_at end,
            cast(activity.last_active_on as timestamp)
        ) as last_login_at,
        coalesce(activity.active_days_30d, 0) as active_days_30d,
        coalesce(feature_use.features_used_30d, 0) as features_used_30d,
        coalesce(feature_use.features_adopted, 0) as features_adopted,
        coalesce(sessions.total_sessions_30d, 0) as total_sessions_30d,
        cast(coalesce(sessions.session_minutes_30d, 0) as decimal(18, 6)) as session_minutes_30d,
        build.as_of,
        build.is_activity_known_30d
    from {{ ref('silver__users') }} as users
    cross join build
    left join activity
        on users.user_id = activity.user_id
    left join feature_use
        on users.user_id = feature_use.user_id
    left join sessions
        on users.user_id = sessions.user_id
)

select
    user_id,
    customer_id,
    last_login_at,
    {{ dbt.datediff('last_login_at', 'as_of', 'day') }} as days_since_last_login,
    cast(active_days_30d as bigint) as active_days_30d,
    cast(total_sessions_30d as bigint) as total_sessions_30d,
    session_minutes_30d,
    cast(features_used_30d as bigint) as features_used_30d,
    cast(features_adopted as bigint) as features_adopted,
    case when is_activity_known_30d then cast(active_days_30d as double) end as active_days,
    -- Who was never seen has been away since the login was made.
    case
        when is_activity_known_30d
            then cast({{ dbt.datediff('coalesce(last_login_at, created_at)', 'as_of', 'day') }} as double)
    end as recency,
    case when is_activity_known_30d then cast(features_used_30d as double) end as feature_breadth,
    case when is_activity_known_30d then cast(session_minutes_30d as double) end as session_time
from seen
