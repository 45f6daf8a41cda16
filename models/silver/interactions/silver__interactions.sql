-- Grain: one row per contact with a person over all channels, up to as_of. A contact of nobody known stays in, with no golden_customer_id.
with login_people as (
    select
        substr(identity_map.source_record_id, 6) as user_id,
        identity_map.golden_customer_id,
        -- A login that two systems list is the one of the system whose listing counts.
        row_number() over (
            partition by identity_map.source_record_id
            order by case when identity_map.source_system = users.source_system then 0 else 1 end nulls last, identity_map.source_system
        ) as listing_rank
    from {{ ref('silver__identity_map') }} as identity_map
    left join {{ ref('silver__users') }} as users
        on identity_map.source_record_id = 'user:' || users.user_id
    where identity_map.source_record_id like 'user:%'
),

contacts as (
    select
        'customer_interactions' as origin,
        interactions.source_system,
        interactions.interaction_id as source_id,
        identity_map.golden_customer_id,
        {{ record_key('interactions.origin_system', 'interactions.source_record_id') }} as record_key,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        interactions.occurred_at,
        lower(interactions.channel) as channel,
        interactions.direction,
        interactions.interaction_type,
        cast(interactions.duration_seconds as decimal(18, 6)) as duration_seconds,
        interactions.outcome,
        interactions.subject,
        interactions.agent_id,
        interactions.campaign_id,
        cast((interactions.satisfaction_rating - 1) / 4 as decimal(18, 6)) as satisfaction_ratio,
        interactions.source_file,
        interactions.source_line
    from {{ ref('bronze__customer_interactions') }} as interactions
    left join {{ ref('silver__identity_map') }} as identity_map
        on interactions.origin_system = identity_map.source_system and interactions.source_record_id = identity_map.source_record_id
    union all
    select
        'complaints_feedback',
        complaints.source_system,
        complaints.feedback_id,
        complaints.golden_customer_id,
        complaints.record_key,
        cast(null as {{ dbt.type_string() }}),
        complaints.opened_at,
        coalesce(lower(complaints.channel), 'unknown'),
        'inbound',
        complaints.feedback_type,
        cast(null as decimal(18, 6)),
        case when complaints.is_resolved then 'resolved' end,
        complaints.topic,
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        cast(null as decimal(18, 6)),
        complaints.source_file,
        complaints.source_line
    from {{ ref('silver__complaints') }} as complaints
    union all
    select
        'support_tickets',
        tickets.source_system,
        tickets.ticket_id,
        login_people.golden_customer_id,
        tickets.source_system || '|user:' || tickets.user_id,
        tickets.customer_id,
        tickets.opened_at,
        coalesce(lower(tickets.channel), 'unknown'),
        'inbound',
        'support_ticket',
        cast(null as decimal(18, 6)),
        tickets.status,
        tickets.category,
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        tickets.satisfaction_ratio,
        tickets.source_file,
        tickets.source_line
    from {{ ref('silver__support_tickets') }} as tickets
    left join login_people
        on tickets.user_id = login_people.user_id and login_people.listing_rank = 1
    union all
    select
        'survey_responses',
        responses.source_system,
        responses.response_id,
        login_people.golden_customer_id,
        responses.source_system || '|user:' || responses.user_id,
        responses.customer_id,
        responses.responded_at,
        'survey',
        'inbound',
        responses.survey_type,
        cast(null as decimal(18, 6)),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        responses.score_ratio,
        responses.source_file,
        responses.source_line
    from {{ ref('silver__survey_responses') }} as responses
    left join login_people
        on responses.user_id = login_people.user_id and login_people.listing_rank = 1
    union all
    -- Sessions of visitors who never logged in are nobody's; they stand in gold.fct_sessions.
    select
        'sessions',
        'sessions',
        sessions.session_id,
        login_people.golden_customer_id,
        'user:' || sessions.user_id,
        sessions.customer_id,
        sessions.started_at,
        case when lower(sessions.device_type) in ('mobile', 'tablet') then 'mobile' else 'web' end,
        'inbound',
        'session',
        sessions.duration_seconds,
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        sessions.utm_campaign,
        cast(null as decimal(18, 6)),
        cast(null as {{ dbt.type_string() }}),
        cast(null as bigint)
    from {{ ref('silver__account_sessions') }} as sessions
    left join login_people
        on sessions.user_id = login_people.user_id and login_people.listing_rank = 1
    where sessions.user_id is not null
)

select
    contacts.origin || '|' || contacts.source_system || '|' || contacts.source_id as interaction_key,
    contacts.origin,
    contacts.source_system,
    contacts.source_id,
    contacts.golden_customer_id,
    contacts.record_key,
    contacts.customer_id,
    contacts.occurred_at,
    contacts.channel,
    contacts.direction,
    -- What we send says nothing about whether somebody is still there.
    coalesce(contacts.direction, 'inbound') = 'inbound' as is_sign_of_life,
    contacts.interaction_type,
    contacts.duration_seconds,
    contacts.outcome,
    contacts.subject,
    contacts.agent_id,
    contacts.campaign_id,
    contacts.satisfaction_ratio,
    contacts.source_file,
    contacts.source_line
from contacts
cross join {{ ref('silver__as_of') }} as build
where contacts.occurred_at <= build.as_of
