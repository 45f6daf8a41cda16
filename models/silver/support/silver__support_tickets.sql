-- Grain: one row per ticket up to as_of, with its durations. A duration given by the source stands in only where a time is missing.
with tickets as (
    select
        tickets.source_system,
        tickets.ticket_id,
        account_map.customer_id as stated_customer_id,
        tickets.user_id,
        tickets.opened_at,
        coalesce(
            tickets.first_responded_at,
            {{ dbt.dateadd('second', 'cast(round(tickets.first_response_minutes * 60) as bigint)', 'tickets.opened_at') }}
        ) as first_responded_at,
        coalesce(
            tickets.resolved_at,
            {{ dbt.dateadd('second', 'cast(round(tickets.resolution_hours * 3600) as bigint)', 'tickets.opened_at') }}
        ) as resolved_at,
        lower(tickets.status) as status,
        priorities.priority,
        priorities.severity,
        tickets.priority as source_priority,
        tickets.is_escalated,
        cast(tickets.satisfaction_score / coalesce(tickets.satisfaction_scale, 5) as decimal(18, 6)) as satisfaction_ratio,
        tickets.channel,
        tickets.category,
        tickets.source_file,
        tickets.source_line
    from {{ ref('bronze__support_tickets') }} as tickets
    left join {{ ref('silver__account_map') }} as account_map
        on tickets.source_system = account_map.source_system and tickets.customer_id = account_map.source_customer_id
    left join {{ ref('ticket_priorities') }} as priorities
        on lower(tickets.priority) = priorities.source_priority
    where
        not coalesce(tickets.is_test, false)
        and not coalesce(tickets.is_deleted, false)
        and coalesce(lower(tickets.status), '') != 'deleted'
        and not coalesce(account_map.is_left_out, false)
)

select
    tickets.source_system,
    tickets.ticket_id,
    coalesce(tickets.stated_customer_id, users.customer_id) as customer_id,
    tickets.user_id,
    tickets.opened_at,
    -- What happened after as_of is not known yet.
    case when tickets.first_responded_at <= build.as_of then tickets.first_responded_at end as first_responded_at,
    case when tickets.resolved_at <= build.as_of then tickets.resolved_at end as resolved_at,
    case
        when tickets.first_responded_at <= build.as_of and tickets.first_responded_at >= tickets.opened_at
            then cast({{ seconds_between('tickets.opened_at', 'tickets.first_responded_at') }} / 60 as decimal(18, 6))
    end as first_response_minutes,
    case
        when tickets.resolved_at <= build.as_of and tickets.resolved_at >= tickets.opened_at
            then cast({{ seconds_between('tickets.opened_at', 'tickets.resolved_at') }} / 3600 as decimal(18, 6))
    end as resolution_hours,
    tickets.status,
    -- A closed ticket without a time of solution is solved all the same; how long it took stays unknown.
    coalesce(tickets.resolved_at <= build.as_of, coalesce(tickets.status, '') in ('solved', 'closed', 'resolved')) as is_resolved,
    tickets.priority,
    tickets.severity,
    tickets.source_priority,
    tickets.is_escalated,
    case when tickets.resolved_at <= build.as_of or tickets.resolved_at is null then tickets.satisfaction_ratio end as satisfaction_ratio,
    tickets.channel,
    tickets.category,
    tickets.source_file,
    tickets.source_line
from tickets
left join {{ ref('silver__users') }} as users
    on tickets.user_id = users.user_id
cross join {{ ref('silver__as_of') }} as build
where tickets.opened_at <= build.as_of
