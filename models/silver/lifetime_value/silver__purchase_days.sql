-- Grain: one row per person (known or not) and day on which they bought without a contract or got money back, up to as_of.
-- A purchase that only pays a bill of the person's account is left out: what it brings is counted with the subscription.
with refund_events as (
    select
        events.event_id,
        events.user_id,
        events.visitor_id,
        events.occurred_at,
        {{ in_usd('abs(events.event_value)', 'currencies.usd_per_unit') }} as value_usd
    from {{ ref('silver__cleansed_events') }} as events
    left join {{ ref('currencies') }} as currencies
        on coalesce(upper(events.currency), 'USD') = currencies.currency
    where events.event_name = 'refund' and not events.is_robot and not events.is_internal
),

refunds as (
    select
        {{ person_key('users.golden_customer_id', 'coalesce(refund_events.user_id, people.user_id)', 'refund_events.visitor_id') }} as person_key,
        users.golden_customer_id,
        refund_events.occurred_at,
        coalesce(refund_events.value_usd, 0) as value_usd
    from refund_events
    left join {{ ref('silver__visitor_people') }} as people
        on {{ taken_for('refund_events', 'people', 'occurred_at') }}
    left join {{ ref('silver__users') }} as users
        on coalesce(refund_events.user_id, people.user_id) = users.user_id
),

-- The same amount, to a hundredth part, within three days of a bill of the account.
bills_paid as (
    select distinct conversions.conversion_id
    from {{ ref('silver__conversions') }} as conversions
    inner join {{ ref('silver__bills') }} as bills
        on
            conversions.customer_id = bills.customer_id
            and conversions.occurred_at >= {{ dbt.dateadd('day', -3, 'bills.issued_at') }}
            and conversions.occurred_at <= {{ dbt.dateadd('day', 3, 'bills.issued_at') }}
            and abs(conversions.value_usd - bills.total_usd) <= bills.total_usd * 0.01
    where conversions.conversion_name = 'purchase'
),

money as (
    select
        conversions.person_key,
        conversions.golden_customer_id,
        conversions.occurred_at,
        case when conversions.value_usd >= 0 then 1 else 0 end as purchases,
        case when conversions.has_value then 0 else 1 end as without_value,
        greatest(conversions.value_usd, 0) as gross_usd,
        -- Some trackers send a refund as a purchase below nothing.
        greatest(-conversions.value_usd, 0) as refund_usd
    from {{ ref('silver__conversions') }} as conversions
    left join bills_paid
        on conversions.conversion_id = bills_paid.conversion_id
    where conversions.conversion_name = 'purchase' and conversions.person_key is not null and bills_paid.conversion_id is null
    union all
    select person_key, golden_customer_id, occurred_at, 0, 0, 0, value_usd
    from refunds
    where person_key is not null
),

days as (
    select
        money.person_key,
        max(money.golden_customer_id) as golden_customer_id,
        cast(money.occurred_at as date) as purchased_on,
        sum(money.purchases) as purchases,
        sum(money.without_value) as purchases_without_value,
        sum(money.gross_usd) as gross_usd,
        sum(money.refund_usd) as refund_usd
    from money
    cross join {{ ref('silver__as_of') }} as build
    where money.occurred_at <= build.as_of
    group by money.person_key, cast(money.occurred_at as date)
)

select
    person_key,
    golden_customer_id,
    purchased_on,
    cast(purchases as bigint) as purchases,
    cast(purchases_without_value as bigint) as purchases_without_value,
    cast(gross_usd as decimal(18, 4)) as gross_usd,
    cast(refund_usd as decimal(18, 4)) as refund_usd,
    cast(gross_usd - refund_usd as decimal(18, 4)) as value_usd,
    -- What was given back on the same day whole, and what nothing is known to have been paid for, is no purchase to learn from.
    gross_usd > refund_usd as is_purchase_day
from days
