-- Grain: one row per conversion: an event that the seed conversion_events names, caused by a person. Its worth in US dollars is the event's own,
-- else that of the seed.
with found as (
    select
        events.*,
        rules.conversion_name,
        coalesce(events.event_value, rules.default_value) as worth,
        coalesce(upper(case when events.event_value is null then rules.default_currency else events.currency end), 'USD') as worth_currency
    from {{ ref('silver__cleansed_events') }} as events
    inner join {{ ref('conversion_events') }} as rules
        on events.event_name = rules.event_name
    where not events.is_robot and not events.is_internal
)

select
    md5(found.source_system || '|' || found.event_id || '|' || found.conversion_name) as conversion_id,
    found.conversion_name,
    found.source_system,
    found.event_id,
    found.occurred_at,
    sessions.session_id,
    found.visitor_id,
    coalesce(found.user_id, people.user_id) as user_id,
    coalesce(found.customer_id, users.customer_id) as customer_id,
    users.golden_customer_id,
    {{ person_key('users.golden_customer_id', 'coalesce(found.user_id, people.user_id)', 'found.visitor_id') }} as person_key,
    coalesce({{ in_usd('found.worth', 'currencies.usd_per_unit') }}, 0) as value_usd,
    -- Without a rate, or without any worth, it counts as a conversion of no value.
    found.worth is not null and currencies.usd_per_unit is not null as has_value
from found
left join {{ ref('silver__visitor_people') }} as people
    on {{ taken_for('found', 'people', 'occurred_at') }}
left join {{ ref('silver__users') }} as users
    on coalesce(found.user_id, people.user_id) = users.user_id
left join {{ ref('currencies') }} as currencies
    on found.worth_currency = currencies.currency
left join {{ ref('silver__sessions') }} as sessions
    on {{ in_session('found', 'sessions') }}
-- Staff who were not logged in yet.
left join {{ ref('silver__staff') }} as staff
    on people.user_id = staff.user_id
where staff.user_id is null
