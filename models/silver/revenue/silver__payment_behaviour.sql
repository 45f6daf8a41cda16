-- Grain: one row per bill and per failed payment, at the moment from which it can be judged: a bill on its due day (was it paid by
-- then?), a failed payment when it failed. Bills without a due date are judged 30 days after they were issued.
with bills as (
    select
        invoices.source_system,
        invoices.invoice_id as document_id,
        account_map.customer_id,
        coalesce(invoices.due_at, {{ dbt.dateadd('day', 30, 'invoices.issued_at') }}) as judged_at,
        invoices.paid_at,
        lower(invoices.status) as status
    from {{ ref('bronze__invoices') }} as invoices
    inner join {{ ref('silver__account_map') }} as account_map
        on invoices.source_system = account_map.source_system and invoices.customer_id = account_map.source_customer_id
    where
        not account_map.is_left_out
        and not coalesce(invoices.is_test, false)
        and not coalesce(invoices.is_deleted, false)
        and coalesce(lower(invoices.status), '') not in ('draft', 'void', 'voided', 'deleted')
        and coalesce(invoices.total, 1) > 0
        -- "Paid" without a time says nothing about when.
        and (invoices.paid_at is not null or coalesce(lower(invoices.status), '') != 'paid')
),

failures as (
    select
        payments.source_system,
        payments.payment_id as document_id,
        account_map.customer_id,
        payments.attempted_at as judged_at
    from {{ ref('bronze__payments') }} as payments
    inner join {{ ref('silver__account_map') }} as account_map
        on payments.source_system = account_map.source_system and payments.customer_id = account_map.source_customer_id
    where
        lower(payments.status) = 'failed'
        and not account_map.is_left_out
        and not coalesce(payments.is_test, false)
        and not coalesce(payments.is_deleted, false)
),

judged as (
    select
        source_system,
        'bill' as kind,
        document_id,
        customer_id,
        judged_at,
        1 as bills,
        case when paid_at <= judged_at then 1 else 0 end as bills_paid_in_time,
        case when paid_at <= judged_at then 0 else 1 end as payment_troubles
    from bills
    union all
    select
        source_system,
        'failed payment' as kind,
        document_id,
        customer_id,
        judged_at,
        0 as bills,
        0 as bills_paid_in_time,
        1 as payment_troubles
    from failures
)

select judged.*
from judged
cross join {{ ref('silver__as_of') }} as build
where judged.judged_at <= build.as_of
