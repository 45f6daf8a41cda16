-- Grain: one row per landed row of Stripe's charges. Amounts come in the smallest unit of their currency.
select
    charge.landed_file_id,
    charge.landed_line,
    charge.id as payment_id,
    charge.customer_id,
    charge.invoice_id,
    charge.created as attempted_at,
    case when lower(charge.refunded) = 'true' then 'refunded' else charge.status end as status,
    {{ major_units('charge.amount', 'currencies.minor_unit_digits') }} as amount,
    {{ major_units('charge.amount_refunded', 'currencies.minor_unit_digits') }} as amount_refunded,
    upper(charge.currency) as currency,
    charge.failure_code,
    {{ negated('charge.livemode') }} as is_test,
    charge.fivetran_synced as updated_at
from {{ source('stripe', 'charge') }} as charge
left join {{ ref('currencies') }} as currencies on upper(charge.currency) = currencies.currency
