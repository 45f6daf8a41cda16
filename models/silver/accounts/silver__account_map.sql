-- Grain: one row per system and account id that any contract mentions.
-- An account need not stand in `accounts`: whoever pays, opens a ticket or shows up in events is one.
with mentioned as (
    {% for contract in [
        'accounts', 'users', 'subscriptions', 'invoices', 'payments', 'support_tickets', 'survey_responses',
        'customer_events', 'feature_usage', 'lifecycle_events',
    ] %}
    select distinct
        source_system,
        customer_id as source_customer_id
    from {{ ref('bronze__' ~ contract) }}
    where customer_id is not null
    {{ 'union' if not loop.last }}
    {% endfor %}
)

select
    mentioned.source_system,
    mentioned.source_customer_id,
    coalesce(aliases.customer_id, mentioned.source_customer_id) as customer_id
from mentioned
left join {{ ref('account_aliases') }} as aliases
    on
        mentioned.source_system = aliases.source_system
        and mentioned.source_customer_id = aliases.source_customer_id
