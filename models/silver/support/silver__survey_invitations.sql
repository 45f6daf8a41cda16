-- Grain: one row per question sent up to as_of.
select
    invitations.source_system,
    invitations.invitation_id,
    coalesce(account_map.customer_id, users.customer_id) as customer_id,
    invitations.user_id,
    invitations.survey_type,
    invitations.sent_at,
    invitations.source_file,
    invitations.source_line
from {{ ref('bronze__survey_invitations') }} as invitations
left join {{ ref('silver__account_map') }} as account_map
    on invitations.source_system = account_map.source_system and invitations.customer_id = account_map.source_customer_id
left join {{ ref('silver__users') }} as users
    on invitations.user_id = users.user_id
cross join {{ ref('silver__as_of') }} as build
where
    not coalesce(account_map.is_left_out, false)
    and invitations.sent_at <= build.as_of
