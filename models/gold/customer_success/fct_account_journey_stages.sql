-- Grain: one row per account and stage of its journey through the portal that it was in during the last 90 days.
with first_logins as (
    select
        customer_id,
        first_login_at
    from {{ ref('silver__self_service_signals') }}
),

-- The first rule that fits gives the stage; the last one fits everything.
staged as (
    select
        activities.customer_id,
        activities.source_system,
        activities.activity_id,
        activities.activity_at,
        activities.success_indicator,
        activities.feature_used,
        rules.journey_stage,
        rules.rule_order,
        row_number() over (
            partition by activities.source_system, activities.activity_id order by rules.rule_order nulls last
        ) as rule_place
    from {{ ref('silver__portal_activities') }} as activities
    inner join first_logins
        on activities.customer_id = first_logins.customer_id
    inner join {{ ref('portal_stages') }} as rules
        on
            (rules.activity_type is null or activities.activity_type = rules.activity_type)
            and (rules.feature_used is null or activities.feature_used = rules.feature_used)
            and (
                rules.days_since_first_login is null
                or {{ dbt.datediff('first_logins.first_login_at', 'activities.activity_at', 'day') }} <= rules.days_since_first_login
            )
    cross join {{ ref('silver__as_of') }} as build
    where activities.activity_at >= {{ dbt.dateadd('day', -90, 'cast(build.as_of as date)') }}
),

stages as (
    select
        customer_id,
        journey_stage,
        count(*) as activities_count,
        min(activity_at) as stage_entry_at,
        max(activity_at) as stage_last_activity_at,
        -- An activity of which it is not noted whether it succeeded did not.
        cast(sum(case when success_indicator then 1 else 0 end) as double) / count(*) as success_rate,
        count(distinct feature_used) as features_used,
        min(rule_order) as stage_order
    from staged
    where rule_place = 1
    group by customer_id, journey_stage
)

select
    customer_id,
    journey_stage,
    row_number() over (partition by customer_id order by stage_order nulls last) as stage_place,
    activities_count,
    stage_entry_at,
    stage_last_activity_at,
    success_rate,
    features_used,
    case
        when success_rate < 0.5 then 'high_friction'
        when activities_count > 100 and success_rate < 0.7 then 'moderate_friction'
        else 'smooth'
    end as friction_level,
    -- Worth a look: where fewer than four of five succeed.
    success_rate < 0.8 as is_bottleneck
from stages
