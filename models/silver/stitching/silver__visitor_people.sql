-- Grain: one row per visitor and stretch of time: the login that the visitor is taken for in it. A visit before the first login is that
-- login's, however long ago it was; one between two logins is the later one's; one after the last is the last one's. A device with more
-- logins than visitor_max_logins is a kiosk and says nothing of who is there.
with identified as (
    select
        events.visitor_id,
        events.user_id,
        events.occurred_at,
        lead(events.user_id) over (
            partition by events.visitor_id
            order by events.occurred_at, events.event_id, events.source_system
        ) as next_user_id
    from {{ ref('silver__cleansed_events') }} as events
    where events.user_id is not null and events.visitor_id is not null and not events.is_robot
),

kiosks as (
    select visitor_id
    from identified
    group by visitor_id
    having count(distinct user_id) > {{ var('visitor_max_logins') }}
),

-- Where the login changes, a stretch ends with the last event of the one before.
ends as (
    select
        identified.visitor_id,
        identified.occurred_at as last_at,
        -- Logins that change within one instant: one of them, always the same, stands for it.
        max(identified.user_id) as user_id
    from identified
    left join kiosks
        on identified.visitor_id = kiosks.visitor_id
    where (identified.next_user_id is null or identified.next_user_id != identified.user_id) and kiosks.visitor_id is null
    group by identified.visitor_id, identified.occurred_at
),

stretches as (
    select
        visitor_id,
        user_id,
        last_at,
        lag(last_at) over (partition by visitor_id order by last_at) as previous_last_at,
        lead(last_at) over (partition by visitor_id order by last_at) as next_last_at
    from ends
)

select
    stretches.visitor_id,
    stretches.user_id,
    users.customer_id,
    users.golden_customer_id,
    coalesce(stretches.previous_last_at, timestamp '1000-01-01 00:00:00') as valid_after,
    case when stretches.next_last_at is null then timestamp '9999-12-31 00:00:00' else stretches.last_at end as valid_until
from stretches
left join {{ ref('silver__users') }} as users
    on stretches.user_id = users.user_id
