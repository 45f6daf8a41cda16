-- Grain: one row per landed row of Stripe's invoices. Amounts come in the smallest unit of their currency.
select
    invoice.landed_file_id,
    invoice.landed_line,
    invoice.id as invoice_id,
    invoice.customer_id,
    invoice.subscription_id,
    coalesce(invoice.created, invoice.period_start) as issued_at,
    invoice.due_date as due_at,
    invoice.status_transitions_paid_at as paid_at,
    invoice.status,
    {{ major_units('invoice.total', 'currencies.minor_unit_digits') }} as total,
    {{ major_units('invoice.amount_paid', 'currencies.minor_unit_digits') }} as amount_paid,
    upper(invoice.currency) as currency,
    {{ negated('invoice.livemode') }} as is_test,
    invoice.is_deleted,
    invoice.fivetran_synced as updated_at
from {{ source('stripe', 'invoice') }} as invoice
left join {{ ref('currencies') }} as currencies on upper(invoice.currency) = currencies.currency
