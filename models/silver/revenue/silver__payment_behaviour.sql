-- Grain: one row per bill and per failed payment, at the moment from which it can be judged: a bill at the end of the day it is due
-- (was it paid by then?), a failed payment when it failed. Bills without a due date are judged 30 days after they were issued.
with judged as (
    select
        source_system,
        'bill' as kind,
        invoice_id as document_id,
        customer_id,
        judged_at,
        1 as bills,
        case when cast(paid_at as date) <= cast(judged_at as date) then 1 else 0 end as bills_paid_in_time,
        case when cast(paid_at as date) <= cast(judged_at as date) then 0 else 1 end as payment_troubles,
        source_file,
        source_line
    from {{ ref('silver__bills') }}
    -- "Paid" without a time says nothing about when.
    where paid_at is not null or bill_state != 'paid'
    union all
    select
        source_system,
        'failed payment' as kind,
        payment_id as document_id,
        customer_id,
        attempted_at as judged_at,
        0 as bills,
        0 as bills_paid_in_time,
        1 as payment_troubles,
        source_file,
        source_line
    from {{ ref('silver__payment_attempts') }}
    where payment_state = 'failed'
)

select judged.*
from judged
cross join {{ ref('silver__as_of') }} as build
where judged.judged_at <= build.as_of
