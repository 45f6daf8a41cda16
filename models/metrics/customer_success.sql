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
        avg(tickets.resolution_hours) as avg_resolution_time_hours,
        avg(tickets.first_response_minutes) as avg_first_response_minutes,
        max(case when tickets.is_escalated then 1 else 0 end) as escalated,
        avg(tickets.satisfaction_ratio) as ticket_satisfaction_ratio
    from {{ ref('silver__support_tickets') }} as tickets
    cross join {{ ref('silver__as_of') }} as build
    where
        tickets.customer_id is not null
        and tickets.opened_at > {{ dbt.dateadd('day', -90, 'build.as_of') }}
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
    coalesce(tickets.escalated, 0) = 1 as has_escalated_ticket,
    cast(coalesce(open_tickets.open_tickets, 0) as bigint) as open_tickets,
    cast(coalesce(open_tickets.open_urgent_tickets, 0) as bigint) as open_urgent_tickets,
    tickets.ticket_satisfaction_ratio,
    customers.last_login_days_ago as days_since_last_login,
    today.features_used_30d * 1.0 / nullif(features.features_on_offer, 0) as feature_adoption_rate,
    -- Logins that were switched off since may make more active users than there are logins now. (least() would turn unknown into 1.)
    case
        when today.active_users_30d > today.total_users then 1.0
        else today.active_users_30d * 1.0 / nullif(today.total_users, 0)
    end as user_activation_rate,
    coalesce(today.sessions_30d, 0) as sessions_30d,
    coalesce(today.active_days_30d, 0) as active_days_30d,
    customers.nps_score,
    coalesce(movements.expansion_revenue_total, 0) as expansion_revenue_total,
    coalesce(movements.contraction_revenue_total, 0) as contraction_revenue_total
from {{ ref('entity_customers') }} as customers
cross join features
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
