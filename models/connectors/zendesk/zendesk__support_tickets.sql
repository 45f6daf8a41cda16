-- Grain: one row per landed row of Zendesk's tickets.
-- Zendesk keeps no time of solution on the ticket: it is the last change of its status to solved or closed.
with organizations as (
    select
        id,
        max(coalesce(nullif(external_id, ''), id)) as customer_id
    from {{ source('zendesk', 'organization') }}
    group by id
),

people as (
    select
        id,
        max(coalesce(nullif(external_id, ''), id)) as user_id,
        max(case when lower(role) in ('agent', 'admin') then 1 else 0 end) as is_agent
    from {{ source('zendesk', 'user') }}
    group by id
),

-- A solved ticket is closed by Zendesk days later; the moment of solution is the one that counts, of the last round if it was reopened.
status_changes as (
    select
        ticket_id,
        max(case when value not in ('solved', 'closed') then updated end) as last_open_at,
        max(case when value = 'solved' then updated end) as last_solved_at,
        max(case when value = 'closed' then updated end) as last_closed_at
    from {{ source('zendesk', 'ticket_field_history') }}
    where field_name = 'status'
    group by ticket_id
),

first_answers as (
    select
        comments.ticket_id,
        min(comments.created) as first_responded_at
    from {{ source('zendesk', 'ticket_comment') }} as comments
    inner join people on comments.user_id = people.id and people.is_agent = 1
    where lower(comments.public) = 'true'
    group by comments.ticket_id
)

select
    ticket.landed_file_id,
    ticket.landed_line,
    ticket.id as ticket_id,
    coalesce(organizations.customer_id, ticket.organization_id) as customer_id,
    coalesce(people.user_id, ticket.requester_id) as user_id,
    ticket.created_at as opened_at,
    first_answers.first_responded_at,
    case
        when ticket.status in ('solved', 'closed')
            then
                case
                    when status_changes.last_solved_at > coalesce(status_changes.last_open_at, '')
                        then status_changes.last_solved_at
                    else status_changes.last_closed_at
                end
    end as resolved_at,
    ticket.status,
    ticket.priority,
    ticket.via_channel as channel,
    ticket.type as category,
    ticket.subject,
    ticket.description as body,
    case when ticket.status = 'deleted' then 'true' else ticket.fivetran_deleted end as is_deleted,
    ticket.updated_at
from {{ source('zendesk', 'ticket') }} as ticket
left join organizations on ticket.organization_id = organizations.id
left join people on ticket.requester_id = people.id
left join status_changes on ticket.id = status_changes.ticket_id
left join first_answers on ticket.id = first_answers.ticket_id
