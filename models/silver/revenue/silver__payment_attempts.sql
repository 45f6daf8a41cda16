-- Grain: one row per attempt to collect money, as far as it is known at as_of.
-- Left out: test and deleted rows, attempts that name neither an account nor a bill that is known, and accounts that are left out.
with mapped as (
    select
        payments.*,
        account_map.customer_id as account_id,
        coalesce(account_map.is_left_out, false) as is_left_out
    from {{ ref('bronze__payments') }} as payments
    left join {{ ref('silver__account_map') }} as account_map
        on payments.source_system = account_map.source_system and payments.customer_id = account_map.source_customer_id
)

select
    mapped.source_system,
    mapped.payment_id,
    coalesce(mapped.account_id, bills.customer_id) as customer_id,
    mapped.invoice_id,
    mapped.attempted_at,
    coalesce(statuses.payment_state, 'unknown') as payment_state,
    {{ in_usd('mapped.amount', 'currencies.usd_per_unit') }} as amount_usd,
    mapped.failure_code,
    mapped.source_file,
    mapped.source_line
from mapped
left join {{ ref('silver__bills') }} as bills
    on mapped.source_system = bills.source_system and mapped.invoice_id = bills.invoice_id
left join {{ ref('payment_statuses') }} as statuses
    on lower(mapped.status) = statuses.status
left join {{ ref('currencies') }} as currencies
    on coalesce(upper(mapped.currency), 'USD') = currencies.currency
cross join {{ ref('silver__as_of') }} as build
where
    not mapped.is_left_out
    and not coalesce(mapped.is_test, false)
    and not coalesce(mapped.is_deleted, false)
    and coalesce(mapped.account_id, bills.customer_id) is not null
    and mapped.attempted_at <= build.as_of
