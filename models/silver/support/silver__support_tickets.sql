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
        coalesce(tickets.escalated_at, tickets.resolved_at, tickets.updated_at, tickets.opened_at) as escalated_at,
        tickets.reopen_count,
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
),

seen as (
    select
        tickets.*,
        coalesce(tickets.stated_customer_id, users.customer_id) as customer_id,
        -- What happened after as_of is not known yet.
        case when tickets.first_responded_at <= build.as_of then tickets.first_responded_at end as known_first_responded_at,
        case when tickets.resolved_at <= build.as_of then tickets.resolved_at end as known_resolved_at,
        -- A closed ticket without a time of solution is solved all the same; how long it took stays unknown.
        coalesce(tickets.resolved_at <= build.as_of, coalesce(tickets.status, '') in ('solved', 'closed', 'resolved')) as is_resolved,
        build.as_of
    from tickets
    left join {{ ref('silver__users') }} as users
        on tickets.user_id = users.user_id
    cross join {{ ref('silver__as_of') }} as build
    where tickets.opened_at <= build.as_of
),

timed as (
    select
        seen.*,
        case
            when seen.known_first_responded_at >= seen.opened_at
                then cast({{ seconds_between('seen.opened_at', 'seen.known_first_responded_at') }} / 60 as decimal(18, 6))
        end as known_first_response_minutes,
        case
            when seen.known_resolved_at >= seen.opened_at
                then cast({{ seconds_between('seen.opened_at', 'seen.known_resolved_at') }} / 3600 as decimal(18, 6))
        end as known_resolution_hours,
        case
            when seen.known_first_responded_at >= seen.opened_at
                then cast({{ business_seconds('seen.opened_at', 'seen.known_first_responded_at') }} / 60.0 as decimal(18, 6))
        end as first_response_business_minutes,
        case
            when seen.known_resolved_at >= seen.opened_at
                then cast({{ business_seconds('seen.opened_at', 'seen.known_resolved_at') }} / 3600.0 as decimal(18, 6))
        end as resolution_business_hours,
        {{ seconds_between('seen.opened_at', 'seen.as_of') }} / 3600 as age_hours,
        targets.first_response_hours as first_response_target_hours,
        targets.resolution_hours as resolution_target_hours
    from seen
    left join {{ ref('silver__accounts') }} as accounts
        on seen.customer_id = accounts.customer_id
    left join {{ ref('support_targets') }} as targets
        on coalesce(accounts.customer_tier, 'Unknown') = targets.customer_tier and seen.priority = targets.priority
)

select
    source_system,
    ticket_id,
    customer_id,
    user_id,
    opened_at,
    known_first_responded_at as first_responded_at,
    known_resolved_at as resolved_at,
    known_first_response_minutes as first_response_minutes,
    first_response_business_minutes,
    known_resolution_hours as resolution_hours,
    resolution_business_hours,
    status,
    is_resolved,
    priority,
    severity,
    source_priority,
    -- Kept, missed, or not known yet: what is still open misses its target when the time is over.
    case
        when known_first_response_minutes is not null then known_first_response_minutes <= first_response_target_hours * 60
        when known_first_responded_at is null and not is_resolved and age_hours > first_response_target_hours then false
    end as is_first_response_in_time,
    case
        when known_resolution_hours is not null then known_resolution_hours <= resolution_target_hours
        when not is_resolved and age_hours > resolution_target_hours then false
    end as is_resolution_in_time,
    case when escalated_at <= as_of or not is_escalated then is_escalated end as is_escalated,
    case when is_escalated and escalated_at <= as_of then escalated_at end as escalated_at,
    reopen_count,
    case when known_resolved_at is not null or resolved_at is null then satisfaction_ratio end as satisfaction_ratio,
    channel,
    category,
    source_file,
    source_line
from timed
