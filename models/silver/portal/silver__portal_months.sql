-- Grain: one row per account and month in which somebody of it did something in the portal.
-- Of activities of which nobody noted whether help was asked for, nothing is known about self-service.
select
    customer_id,
    cast(date_trunc('month', activity_at) as date) as month,
    count(distinct cast(activity_at as date)) as active_days,
    count(*) as total_activities,
    count(distinct dashboard_id) as dashboards_used,
    count(distinct query_id) as queries_executed,
    cast(avg(cast(session_duration_minutes as decimal(18, 6))) as double) as avg_session_duration,
    cast(sum(case when activity_type = 'deep_analysis' then 1 else 0 end) as bigint) as deep_analysis_sessions,
    cast(sum(case when activity_type = 'insight_generation' then 1 else 0 end) as bigint) as insights_generated,
    cast(sum(case when support_ticket_created = false then 1 else 0 end) as bigint) as self_service_activities,
    count(distinct feature_used) as feature_adoption_breadth,
    cast(sum(case when marked_as_valuable then 1 else 0 end) as bigint) as valuable_insights,
    count(distinct shared_with_colleagues) as collaboration_instances,
    cast(sum(case when support_ticket_created = false then 1 else 0 end) as double) / nullif(count(support_ticket_created), 0) as self_service_ratio
from {{ ref('silver__portal_activities') }}
group by customer_id, cast(date_trunc('month', activity_at) as date)
