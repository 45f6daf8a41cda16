-- Grain: one row per system and account id that any contract mentions.
-- An account need not stand in `accounts`: whoever pays, opens a ticket or shows up in events is one.
with mentioned as (
    {% for contract in [
        'accounts', 'users', 'subscriptions', 'invoices', 'payments', 'support_tickets', 'survey_responses',
        'customer_events', 'feature_usage', 'lifecycle_events', 'customers',
        'survey_invitations', 'engagements', 'goals', 'interventions', 'devices', 'customer_activity_log',
        'touchpoints', 'nba_recommendations', 'realtime_decisions', 'journey_instances',
    ] %}
    select distinct
        source_system,
        customer_id as source_customer_id
    from {{ ref('bronze__' ~ contract) }}
    where customer_id is not null
    {{ 'union' if not loop.last }}
    {% endfor %}
),

mapped as (
    select
        mentioned.source_system,
        mentioned.source_customer_id,
        coalesce(aliases.customer_id, mentioned.source_customer_id) as customer_id
    from mentioned
    left join {{ ref('account_aliases') }} as aliases
        on
            mentioned.source_system = aliases.source_system
            and mentioned.source_customer_id = aliases.source_customer_id
),

-- A test account, or one that every system which lists it has deleted, has no part in any number.
left_out as (
    select mapped.customer_id
    from mapped
    inner join {{ ref('bronze__accounts') }} as accounts
        on
            mapped.source_system = accounts.source_system
            and mapped.source_customer_id = accounts.customer_id
    group by mapped.customer_id
    having sum(case when accounts.is_test or accounts.is_deleted then 0 else 1 end) = 0
)

select
    mapped.source_system,
    mapped.source_customer_id,
    mapped.customer_id,
    left_out.customer_id is not null as is_left_out
from mapped
left join left_out
    on mapped.customer_id = left_out.customer_id
