-- Grain: one row per bill of which an attempt to collect failed, and per failed attempt that names no bill.
with failures as (
    select
        payments.source_system,
        coalesce(payments.invoice_id, payments.payment_id) as document_id,
        max(payments.invoice_id) as invoice_id,
        min(payments.customer_id) as customer_id,
        min(payments.attempted_at) as first_failed_at,
        max(payments.attempted_at) as last_failed_at,
        count(*) as failed_attempts,
        max(payments.amount_usd) as attempted_usd
    from {{ ref('silver__payment_attempts') }} as payments
    where payments.payment_state = 'failed'
    group by payments.source_system, coalesce(payments.invoice_id, payments.payment_id)
),

codes as (
    select
        source_system,
        coalesce(invoice_id, payment_id) as document_id,
        failure_code,
        row_number() over (
            partition by source_system, coalesce(invoice_id, payment_id)
            order by attempted_at desc, payment_id desc
        ) as place
    from {{ ref('silver__payment_attempts') }}
    where payment_state = 'failed'
),

collected as (
    select
        failures.source_system,
        failures.document_id,
        min(payments.attempted_at) as collected_at
    from failures
    inner join {{ ref('silver__payment_attempts') }} as payments
        on
            failures.source_system = payments.source_system
            and payments.payment_state = 'collected'
            -- A bill is made good after its last failure: what was collected before it did not stay.
            and failures.last_failed_at < payments.attempted_at
            -- An attempt that names no bill is made good by the next one of the same amount that names none either.
            and (
                failures.invoice_id = payments.invoice_id
                or (
                    failures.invoice_id is null
                    and payments.invoice_id is null
                    and failures.customer_id = payments.customer_id
                    and failures.attempted_usd = payments.amount_usd
                )
            )
    group by failures.source_system, failures.document_id
),

known as (
    select
        failures.source_system,
        failures.document_id,
        failures.invoice_id,
        -- The bill says whose it is; a payment may name somebody else.
        coalesce(bills.customer_id, failures.customer_id) as customer_id,
        failures.first_failed_at,
        failures.last_failed_at,
        failures.failed_attempts,
        codes.failure_code,
        coalesce(bills.total_usd, failures.attempted_usd) as amount_usd,
        bills.bill_state,
        case
            when bills.paid_at >= failures.last_failed_at and bills.paid_at < coalesce(collected.collected_at, build.as_of) then bills.paid_at
            else coalesce(collected.collected_at, bills.paid_at)
        end as recovered_at,
        collected.collected_at is not null or coalesce(bills.bill_state, '') = 'paid' as is_recovered
    from failures
    inner join codes
        on failures.source_system = codes.source_system and failures.document_id = codes.document_id and codes.place = 1
    left join {{ ref('silver__bills') }} as bills
        on failures.source_system = bills.source_system and failures.invoice_id = bills.invoice_id
    left join collected
        on failures.source_system = collected.source_system and failures.document_id = collected.document_id
    cross join {{ ref('silver__as_of') }} as build
)

select
    source_system,
    document_id,
    invoice_id,
    customer_id,
    first_failed_at,
    last_failed_at,
    failed_attempts,
    failure_code,
    amount_usd,
    case
        when is_recovered then 'recovered'
        when bill_state = 'written_off' then 'given_up'
        else 'open'
    end as recovery_state,
    case when is_recovered and recovered_at >= last_failed_at then recovered_at end as recovered_at,
    case
        when is_recovered and recovered_at >= last_failed_at
            then cast({{ seconds_between('first_failed_at', 'recovered_at') }} as double) / 86400
    end as days_to_recover
from known
