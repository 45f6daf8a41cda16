-- Grain: one row per row of an export and thing about it that cannot be: what was taken in, but does not count or counts only in part.
with found as (
    select
        source_system,
        source_table,
        subscription_id as record_id,
        customer_id,
        'it ends before it begins: it brings no revenue' as contradiction,
        source_file,
        source_line
    from {{ ref('bronze__subscriptions') }}
    where ended_at < started_at or ended_at < effective_at
    union all
    select
        tickets.source_system,
        tickets.source_table,
        tickets.ticket_id,
        tickets.customer_id,
        'it was solved before it was opened: its durations do not count',
        tickets.source_file,
        tickets.source_line
    from {{ ref('bronze__support_tickets') }} as tickets
    where tickets.resolved_at < tickets.opened_at or tickets.first_responded_at < tickets.opened_at
    union all
    select
        payments.source_system,
        payments.source_table,
        payments.payment_id,
        payments.customer_id,
        'it is for a bill of another account: the bill decides',
        payments.source_file,
        payments.source_line
    from {{ ref('bronze__payments') }} as payments
    inner join {{ ref('bronze__invoices') }} as invoices
        on payments.source_system = invoices.source_system and payments.invoice_id = invoices.invoice_id
    where payments.customer_id != invoices.customer_id
    union all
    select
        payments.source_system,
        payments.source_table,
        payments.payment_id,
        payments.customer_id,
        'it names neither an account nor a bill on record: it counts nowhere',
        payments.source_file,
        payments.source_line
    from {{ ref('bronze__payments') }} as payments
    left join {{ ref('bronze__invoices') }} as invoices
        on payments.source_system = invoices.source_system and payments.invoice_id = invoices.invoice_id
    where payments.customer_id is null and invoices.invoice_id is null
    {%- for table, record_id, amount in [
        ('subscriptions', 'subscription_id', 'coalesce(amounts.mrr, amounts.amount)'),
        ('invoices', 'invoice_id', 'amounts.total'),
        ('payments', 'payment_id', 'amounts.amount'),
        ('devices', 'device_id', 'amounts.monthly_revenue'),
    ] %}
    union all
    select
        amounts.source_system,
        amounts.source_table,
        amounts.{{ record_id }},
        amounts.customer_id,
        'its currency has no rate in the seed currencies: its amount counts nowhere',
        amounts.source_file,
        amounts.source_line
    from {{ ref('bronze__' ~ table) }} as amounts
    left join {{ ref('currencies') }} as currencies
        on upper(amounts.currency) = currencies.currency
    where amounts.currency is not null and currencies.currency is null and {{ amount }} is not null
    {%- endfor %}
)

select
    source_system,
    source_table,
    record_id,
    customer_id,
    contradiction,
    source_file,
    source_line
from found
