-- Grain: one row per day: what the product offered on it, and which records reached back far enough to let nothing mean none.
with days as (
    select days.date_day
    from {{ ref('silver__days') }} as days
    cross join {{ ref('silver__as_of') }} as build
    where days.date_day >= {{ first_kept_day('build.as_of') }}
),

records_begin as (
    select 'activity' as kind, min(active_on) as since
    from {{ ref('silver__activity_days') }}
    union all
    select 'tickets', cast(min(opened_at) as date)
    from {{ ref('silver__support_tickets') }}
    where customer_id is not null
    union all
    select 'escalations', cast(min(opened_at) as date)
    from {{ ref('silver__support_tickets') }}
    where is_escalated is not null
    union all
    select 'payments', cast(min(judged_at) as date)
    from {{ ref('silver__payment_behaviour') }}
    union all
    select 'engagements', cast(min(occurred_at) as date)
    from {{ ref('silver__engagements') }}
    where status in ('held', 'missed')
),

begins as (
    select
        max(since) filter (where kind = 'activity') as activity_since,
        max(since) filter (where kind = 'tickets') as tickets_since,
        max(since) filter (where kind = 'escalations') as escalations_since,
        max(since) filter (where kind = 'payments') as payments_since,
        max(since) filter (where kind = 'engagements') as engagements_since
    from records_begin
),

-- The catalogue says what is on offer; without one, what somebody has used by then.
catalogue as (
    select
        feature_name,
        min(coalesce(cast(released_at as date), date '1970-01-01')) as offered_from,
        max(coalesce(cast(retired_at as date), date '9999-12-31')) as offered_to
    from {{ ref('bronze__features') }}
    where not coalesce(is_deleted, false)
    group by feature_name
),

offers as (
    select feature_name, offered_from, offered_to
    from catalogue
    union all
    select
        feature_name,
        min(used_on) as offered_from,
        date '9999-12-31' as offered_to
    from {{ ref('silver__feature_use') }}
    where not exists (select 1 from catalogue)
    group by feature_name
)

select
    days.date_day,
    begins.activity_since,
    coalesce(days.date_day >= {{ dbt.dateadd('day', 29, 'begins.activity_since') }}, false) as is_activity_known_30d,
    coalesce(days.date_day >= {{ dbt.dateadd('day', 59, 'begins.activity_since') }}, false) as is_activity_known_60d,
    coalesce(days.date_day >= {{ dbt.dateadd('day', 29, 'begins.tickets_since') }}, false) as are_tickets_known_30d,
    coalesce(days.date_day >= {{ dbt.dateadd('day', 29, 'begins.escalations_since') }}, false) as are_escalations_known_30d,
    coalesce(days.date_day >= {{ dbt.dateadd('day', 89, 'begins.payments_since') }}, false) as are_payments_known_90d,
    coalesce(days.date_day >= {{ dbt.dateadd('day', 89, 'begins.engagements_since') }}, false) as are_engagements_known_90d,
    cast(count(offers.feature_name) as bigint) as features_on_offer
from days
cross join begins
left join offers
    on days.date_day >= offers.offered_from and days.date_day < offers.offered_to
group by
    days.date_day,
    begins.activity_since,
    begins.tickets_since,
    begins.escalations_since,
    begins.payments_since,
    begins.engagements_since
