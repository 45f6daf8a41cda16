-- Grain: one row per account at as_of; windows count back from it.
with today as (
    select daily.*
    from {{ ref('silver__account_daily') }} as daily
    cross join {{ ref('silver__as_of') }} as build
    where daily.date_day = cast(build.as_of as date)
),

health as (
    select
        scores.customer_id,
        max(scores.score_value) filter (where scores.date_day = cast(build.as_of as date)) as health_score,
        max(scores.score_value) filter (
            where scores.date_day = cast({{ dbt.dateadd('day', -30, 'cast(build.as_of as date)') }} as date)
        ) as health_score_30d_ago,
        max(scores.score_value) filter (
            where scores.date_day = cast({{ dbt.dateadd('day', -60, 'cast(build.as_of as date)') }} as date)
        ) as health_score_60d_ago,
        max(scores.score_value) filter (
            where scores.date_day = cast({{ dbt.dateadd('day', -90, 'cast(build.as_of as date)') }} as date)
        ) as health_score_90d_ago
    from {{ ref('fct_scores') }} as scores
    cross join {{ ref('silver__as_of') }} as build
    where scores.score = 'health'
    group by scores.customer_id
),

tickets as (
    select
        tickets.customer_id,
        count(*) as support_tickets_90d,
        sum(case when tickets.is_resolved then 1 else 0 end) as resolved_90d,
        cast(sum(tickets.resolution_hours) as double) / nullif(count(tickets.resolution_hours), 0) as avg_resolution_time_hours,
        cast(sum(tickets.first_response_minutes) as double) / nullif(count(tickets.first_response_minutes), 0) as avg_first_response_minutes,
        max(case when tickets.is_escalated then 1 else 0 end) as escalated,
        cast(sum(tickets.satisfaction_ratio) as double) / nullif(count(tickets.satisfaction_ratio), 0) as ticket_satisfaction_ratio
    from {{ ref('silver__support_tickets') }} as tickets
    cross join {{ ref('silver__as_of') }} as build
    where
        tickets.customer_id is not null
        and cast(tickets.opened_at as date) >= {{ dbt.dateadd('day', -89, 'cast(build.as_of as date)') }}
    group by tickets.customer_id
),

open_tickets as (
    select
        customer_id,
        count(*) as open_tickets,
        sum(case when severity = 3 then 1 else 0 end) as open_urgent_tickets
    from {{ ref('silver__support_tickets') }}
    where customer_id is not null and not is_resolved
    group by customer_id
),

movements as (
    select
        customer_id,
        sum(expansion_mrr) as expansion_revenue_total,
        -sum(contraction_mrr) as contraction_revenue_total
    from {{ ref('silver__mrr_movements') }}
    group by customer_id
),

-- Where nobody records escalations, none on record says nothing.
escalations as (
    select count(is_escalated) > 0 as are_recorded
    from {{ ref('silver__support_tickets') }}
),

features as (
    select context.features_on_offer
    from {{ ref('silver__score_context') }} as context
    inner join {{ ref('silver__as_of') }} as build
        on context.date_day = cast(build.as_of as date)
),

users as (
    select
        customer_id,
        avg(engagement_score) as avg_engagement_score,
        cast(sum(case when user_engagement_tier = 'Power User' then 1 else 0 end) as bigint) as power_users,
        cast(sum(case when user_engagement_tier = 'Dormant' then 1 else 0 end) as bigint) as dormant_users
    from {{ ref('entity_users') }}
    where is_active
    group by customer_id
),

devices as (
    select
        customer_id,
        avg(device_health_score) as device_health_avg
    from {{ ref('entity_devices') }}
    where is_active
    group by customer_id
),

answers as (
    select
        responses.customer_id,
        {{ nps('responses') }} as nps_score_90d,
        cast(avg(case when responses.survey_type = 'csat' then responses.score_ratio end) as double) as csat_ratio_90d,
        cast(avg(case when responses.survey_type = 'ces' then responses.score_ratio end) as double) as effort_ratio_90d
    from {{ ref('silver__survey_responses') }} as responses
    cross join {{ ref('silver__as_of') }} as build
    where cast(responses.responded_at as date) >= {{ dbt.dateadd('day', -89, 'cast(build.as_of as date)') }}
    group by responses.customer_id
)

select
    customers.customer_id,
    health.health_score,
    health.health_score - health.health_score_30d_ago as health_trend_30d,
    health.health_score - health.health_score_60d_ago as health_trend_60d,
    health.health_score - health.health_score_90d_ago as health_trend_90d,
    customers.churn_risk_score,
    customers.composite_success_score,
    coalesce(today.tickets_30d, 0) as support_tickets_30d,
    coalesce(today.tickets_60d, 0) as support_tickets_60d,
    coalesce(today.tickets_90d, 0) as support_tickets_90d,
    tickets.resolved_90d * 1.0 / nullif(tickets.support_tickets_90d, 0) as ticket_resolution_rate,
    tickets.avg_resolution_time_hours,
    tickets.avg_first_response_minutes,
    case when escalations.are_recorded then coalesce(tickets.escalated, 0) = 1 end as has_escalated_ticket,
    cast(coalesce(open_tickets.open_tickets, 0) as bigint) as open_tickets,
    cast(coalesce(open_tickets.open_urgent_tickets, 0) as bigint) as open_urgent_tickets,
    tickets.ticket_satisfaction_ratio,
    customers.last_login_days_ago as days_since_last_login,
    case
        when features.features_on_offer > 0 and today.customer_id is not null
            then least(cast(today.features_used_30d as double) / features.features_on_offer, 1)
    end as feature_adoption_rate,
    -- Activity of logins nobody lists may make more active users than there are logins. (least() would turn unknown into 1.)
    case
        when today.active_users_30d > today.total_users then 1.0
        else today.active_users_30d * 1.0 / nullif(today.total_users, 0)
    end as user_activation_rate,
    users.avg_engagement_score,
    coalesce(users.power_users, 0) as power_users,
    coalesce(users.dormant_users, 0) as dormant_users,
    devices.device_health_avg,
    coalesce(today.sessions_30d, 0) as sessions_30d,
    coalesce(today.active_days_30d, 0) as active_days_30d,
    customers.nps_score,
    answers.nps_score_90d,
    answers.csat_ratio_90d,
    answers.effort_ratio_90d,
    coalesce(today.meetings_held_90d, 0) as meetings_held_90d,
    coalesce(today.engagements_held_90d, 0) as engagements_held_90d,
    cast(today.engagements_missed_90d as double)
    / nullif(today.engagements_held_90d + today.engagements_missed_90d, 0) as missed_meeting_rate_90d,
    cast(today.answers_given_90d as double) / nullif(today.answers_asked_90d, 0) as answers_per_request_90d,
    cast(today.stakeholders_attended_180d as double) / nullif(today.stakeholders_invited_180d, 0) as stakeholder_participation_rate_180d,
    cast(today.goals_reached_365d as double) / nullif(today.goals_judged_365d, 0) as goal_completion_rate_365d,
    cast(coalesce(movements.expansion_revenue_total, 0) as decimal(18, 4)) as expansion_revenue_total,
    cast(coalesce(movements.contraction_revenue_total, 0) as decimal(18, 4)) as contraction_revenue_total
from {{ ref('entity_customers') }} as customers
cross join features
cross join escalations
left join today
    on customers.customer_id = today.customer_id
left join health
    on customers.customer_id = health.customer_id
left join tickets
    on customers.customer_id = tickets.customer_id
left join open_tickets
    on customers.customer_id = open_tickets.customer_id
left join movements
    on customers.customer_id = movements.customer_id
left join users
    on customers.customer_id = users.customer_id
left join devices
    on customers.customer_id = devices.customer_id
left join answers
    on customers.customer_id = answers.customer_id
