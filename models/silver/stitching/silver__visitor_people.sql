-- Grain: one row per visitor: the login that was last seen on it, for all time.
{{ config(materialized='view') }}

with placed as (
    select
        visitor_id,
        user_id,
        row_number() over (partition by visitor_id order by occurred_at desc, event_id desc, source_system desc) as event_place
    from {{ ref('silver__cleansed_events') }}
    where user_id is not null and visitor_id is not null
)

select
    placed.visitor_id,
    placed.user_id,
    users.customer_id,
    users.golden_customer_id,
    timestamp '1000-01-01 00:00:00' as valid_after,
    timestamp '9999-12-31 00:00:00' as valid_until
from placed
left join {{ ref('silver__users') }} as users
    on placed.user_id = users.user_id
where placed.event_place = 1
