-- Grain: one row per account that ever used the portal, at as_of: the raw values of its self-service success.
with build as (
    select
        as_of,
        cast({{ dbt.dateadd('day', -29, 'cast(as_of as date)') }} as date) as first_day,
        cast({{ dbt.dateadd('day', -59, 'cast(as_of as date)') }} as date) as previous_first_day,
        cast({{ dbt.dateadd('day', -179, 'cast(as_of as date)') }} as date) as surveys_from
    from {{ ref('silver__as_of') }}
),

-- The first login is stated, or else the first thing somebody did.
first_steps as (
    select
        customer_id,
        min(activity_at) as first_login_at,
        min(case when marked_as_valuable then activity_at end) as first_value_at
    from {{ ref('silver__portal_activities') }}
    group by customer_id
),

portal as (
    select count(distinct feature_used) as features_on_offer
    from {{ ref('silver__portal_activities') }}
),

recent as (
    select
        activities.customer_id,
        count(case when cast(activities.activity_at as date) >= build.first_day then 1 end) as activities_30d,
        count(case when cast(activities.activity_at as date) >= build.first_day and activities.support_ticket_created = false then 1 end)
            as activities_without_help_30d,
        count(case when cast(activities.activity_at as date) >= build.first_day and activities.support_ticket_created then 1 end) as help_asked_30d,
        count(case when cast(activities.activity_at as date) < build.first_day and activities.support_ticket_created then 1 end)
            as help_asked_previous_30d,
        count(distinct case when cast(activities.activity_at as date) >= build.first_day then activities.feature_used end) as features_used_30d
    from {{ ref('silver__portal_activities') }} as activities
    cross join build
    where cast(activities.activity_at as date) >= build.previous_first_day
    group by activities.customer_id
),

surveys as (
    select
        responses.customer_id,
        cast(avg(responses.score_ratio) as double) as satisfaction
    from {{ ref('silver__survey_responses') }} as responses
    cross join build
    where cast(responses.responded_at as date) >= build.surveys_from
    group by responses.customer_id
)

select
    first_steps.customer_id,
    first_steps.first_login_at,
    first_steps.first_value_at,
    coalesce(recent.activities_30d, 0) as activities_30d,
    coalesce(recent.help_asked_30d, 0) as help_asked_30d,
    coalesce(recent.help_asked_previous_30d, 0) as help_asked_previous_30d,
    coalesce(recent.features_used_30d, 0) as features_used_30d,
    portal.features_on_offer,
    -- Who has found nothing of value yet has been looking for it until today.
    cast({{ dbt.datediff('first_steps.first_login_at', 'coalesce(first_steps.first_value_at, build.as_of)', 'day') }} as double) as time_to_value,
    cast(coalesce(recent.features_used_30d, 0) as double) / nullif(portal.features_on_offer, 0) as adoption,
    surveys.satisfaction,
    cast(recent.activities_without_help_30d as double)
    / nullif(recent.activities_without_help_30d + recent.help_asked_30d, 0) as autonomy
from first_steps
cross join build
cross join portal
left join recent
    on first_steps.customer_id = recent.customer_id
left join surveys
    on first_steps.customer_id = surveys.customer_id
