-- Grain: one row per ticket of an account or of nobody known.
select
    tickets.source_system,
    tickets.ticket_id,
    tickets.customer_id,
    accounts.customer_tier,
    tickets.user_id,
    tickets.opened_at,
    tickets.first_responded_at,
    tickets.resolved_at,
    tickets.first_response_minutes,
    tickets.first_response_business_minutes,
    tickets.resolution_hours,
    tickets.resolution_business_hours,
    tickets.status,
    tickets.is_resolved,
    tickets.priority,
    tickets.is_first_response_in_time,
    tickets.is_resolution_in_time,
    tickets.is_escalated,
    tickets.escalated_at,
    tickets.reopen_count,
    tickets.satisfaction_ratio,
    tickets.channel,
    tickets.category,
    tickets.source_file,
    tickets.source_line
from {{ ref('silver__support_tickets') }} as tickets
left join {{ ref('silver__accounts') }} as accounts
    on tickets.customer_id = accounts.customer_id
