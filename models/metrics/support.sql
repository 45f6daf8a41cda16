-- Grain: one row per month, tier and priority: the tickets opened in the month, and what became of them by as_of.
-- Counts and sums of rows may be added up; rates and averages must be made anew from them.
with tickets as (
    select
        cast(date_trunc('month', tickets.opened_at) as date) as month,
        coalesce(tickets.customer_tier, 'Unknown') as customer_tier,
        coalesce(tickets.priority, 'unknown') as priority,
        tickets.*
    from {{ ref('fct_support_tickets') }} as tickets
),

groups as (
    select
        month,
        customer_tier,
        priority,
        count(*) as tickets_opened,
        sum(case when is_resolved then 1 else 0 end) as tickets_resolved,
        sum(case when is_resolved then 0 else 1 end) as tickets_still_open,
        avg(first_response_minutes) / 60 as avg_first_response_hours,
        median(first_response_minutes) / 60 as median_first_response_hours,
        avg(first_response_business_minutes) / 60 as avg_first_response_business_hours,
        avg(resolution_hours) as avg_resolution_hours,
        median(resolution_hours) as median_resolution_hours,
        avg(resolution_business_hours) as avg_resolution_business_hours,
        count(is_first_response_in_time) as first_responses_judged,
        sum(case when is_first_response_in_time then 1 else 0 end) as first_responses_in_time,
        count(is_resolution_in_time) as resolutions_judged,
        sum(case when is_resolution_in_time then 1 else 0 end) as resolutions_in_time,
        count(is_escalated) as tickets_with_escalation_known,
        sum(case when is_escalated then 1 else 0 end) as tickets_escalated,
        count(reopen_count) as tickets_with_reopening_known,
        sum(case when reopen_count > 0 then 1 else 0 end) as tickets_reopened,
        count(satisfaction_ratio) as tickets_rated,
        avg(satisfaction_ratio) as avg_satisfaction_ratio
    from tickets
    group by month, customer_tier, priority
),

-- Open at the end of the month, whenever they were opened.
months as (
    select distinct cast(date_trunc('month', date_day) as date) as month
    from {{ ref('silver__days') }}
),

backlog as (
    select
        months.month,
        tickets.customer_tier,
        tickets.priority,
        count(*) as backlog
    from months
    inner join tickets
        on
            tickets.opened_at < {{ dbt.dateadd('month', 1, 'months.month') }}
            and (
                tickets.resolved_at >= {{ dbt.dateadd('month', 1, 'months.month') }}
                or (tickets.resolved_at is null and not tickets.is_resolved)
            )
    group by months.month, tickets.customer_tier, tickets.priority
)

select
    coalesce(groups.month, backlog.month) as month,
    coalesce(groups.customer_tier, backlog.customer_tier) as customer_tier,
    coalesce(groups.priority, backlog.priority) as priority,
    coalesce(groups.tickets_opened, 0) as tickets_opened,
    cast(coalesce(groups.tickets_resolved, 0) as bigint) as tickets_resolved,
    cast(coalesce(groups.tickets_still_open, 0) as bigint) as tickets_still_open,
    coalesce(backlog.backlog, 0) as backlog_at_month_end,
    cast(groups.avg_first_response_hours as double) as avg_first_response_hours,
    cast(groups.median_first_response_hours as double) as median_first_response_hours,
    cast(groups.avg_first_response_business_hours as double) as avg_first_response_business_hours,
    cast(groups.avg_resolution_hours as double) as avg_resolution_hours,
    cast(groups.median_resolution_hours as double) as median_resolution_hours,
    cast(groups.avg_resolution_business_hours as double) as avg_resolution_business_hours,
    coalesce(groups.first_responses_judged, 0) as first_responses_judged,
    cast(coalesce(groups.first_responses_in_time, 0) as bigint) as first_responses_in_time,
    cast(groups.first_responses_in_time as double) / nullif(groups.first_responses_judged, 0) as first_response_in_time_rate,
    coalesce(groups.resolutions_judged, 0) as resolutions_judged,
    cast(coalesce(groups.resolutions_in_time, 0) as bigint) as resolutions_in_time,
    cast(groups.resolutions_in_time as double) / nullif(groups.resolutions_judged, 0) as resolution_in_time_rate,
    cast(groups.tickets_escalated as double) / nullif(groups.tickets_with_escalation_known, 0) as escalation_rate,
    cast(groups.tickets_reopened as double) / nullif(groups.tickets_with_reopening_known, 0) as reopen_rate,
    coalesce(groups.tickets_rated, 0) as tickets_rated,
    cast(groups.tickets_rated as double) / nullif(groups.tickets_resolved, 0) as rating_response_rate,
    cast(groups.avg_satisfaction_ratio as double) as avg_satisfaction_ratio
from groups
full outer join backlog
    on groups.month = backlog.month and groups.customer_tier = backlog.customer_tier and groups.priority = backlog.priority
