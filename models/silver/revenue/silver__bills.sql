-- Grain: one row per bill that asks for money, as far as it is known at as_of.
-- Left out: drafts, void bills, bills of nothing, test and deleted rows, and whatever hangs on accounts that are left out.
select
    invoices.source_system,
    invoices.invoice_id,
    account_map.customer_id,
    invoices.subscription_id,
    invoices.issued_at,
    invoices.due_at,
    -- The last second of the day on which it is due: who pays a bill on the day it is due pays it in time.
    {{ dbt.dateadd(
        'second',
        -1,
        dbt.dateadd(
            'day', 1, 'cast(cast(coalesce(invoices.due_at, ' ~ dbt.dateadd('day', 30, 'invoices.issued_at') ~ ') as date) as timestamp)'
        )
    ) }} as judged_at,
    case when invoices.paid_at <= build.as_of then invoices.paid_at end as paid_at,
    case
        when invoices.paid_at > build.as_of then 'open'
        when invoices.paid_at is not null then 'paid'
        -- Given up after as_of: nobody knew yet.
        when statuses.bill_state = 'written_off' and invoices.updated_at > build.as_of then 'open'
        else coalesce(statuses.bill_state, 'open')
    end as bill_state,
    coalesce(upper(invoices.currency), 'USD') as currency,
    {{ in_usd('invoices.total', 'currencies.usd_per_unit') }} as total_usd,
    invoices.source_file,
    invoices.source_line
from {{ ref('bronze__invoices') }} as invoices
inner join {{ ref('silver__account_map') }} as account_map
    on invoices.source_system = account_map.source_system and invoices.customer_id = account_map.source_customer_id
left join {{ ref('invoice_statuses') }} as statuses
    on lower(invoices.status) = statuses.status
left join {{ ref('currencies') }} as currencies
    on coalesce(upper(invoices.currency), 'USD') = currencies.currency
cross join {{ ref('silver__as_of') }} as build
where
    not account_map.is_left_out
    and not coalesce(invoices.is_test, false)
    and not coalesce(invoices.is_deleted, false)
    and coalesce(statuses.bill_state, 'open') != 'no_bill'
    and coalesce(invoices.total, 1) > 0
    and invoices.issued_at <= build.as_of
