-- Grain: one row per account at as_of; windows count back from it.
with today as (
    select
        daily.*,
        row_number() over (partition by daily.customer_id order by daily.date_day desc) as days_back
    from {{ ref('silver__account_daily') }} as daily
),

health as (
    select
        scores.customer_id,
        max(scores.score_value) filter (where scores.date_day = cast(build.as_of as date)) as health_score,
        max(scores.score_value) filter (
            where scores.date_day = cast({{ dbt.dateadd('day', -30, 'cast(build.as_of as date)') }} as date)
        ) as health_score_30d_ago
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
    select cast(count(distinct feature_name) as bigint) as features_on_offer
    from {{ ref('silver__feature_use') }}
)

select
    customers.customer_id,
    health.health_score,
    health.health_score - health.health_score_30d_ago as health_trend_30d,
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
    today.features_used_30d * 1.0 / nullif(features.features_on_offer, 0) as feature_adoption_rate,
    -- Activity of logins nobody lists may make more active users than there are logins. (least() would turn unknown into 1.)
    case
        when today.active_users_30d > today.total_users then 1.0
        else today.active_users_30d * 1.0 / nullif(today.total_users, 0)
    end as user_activation_rate,
    coalesce(today.sessions_30d, 0) as sessions_30d,
    coalesce(today.active_days_30d, 0) as active_days_30d,
    customers.nps_score,
    cast(coalesce(movements.expansion_revenue_total, 0) as decimal(18, 4)) as expansion_revenue_total,
    cast(coalesce(movements.contraction_revenue_total, 0) as decimal(18, 4)) as contraction_revenue_total
from {{ ref('entity_customers') }} as customers
cross join features
cross join escalations
left join today
    on customers.customer_id = today.customer_id and today.days_back = 1
left join health
    on customers.customer_id = health.customer_id
left join tickets
    on customers.customer_id = tickets.customer_id
left join open_tickets
    on customers.customer_id = open_tickets.customer_id
left join movements
    on customers.customer_id = movements.customer_id
