-- Grain: one row per month, step of a session, and the two things that it leads from and to.
-- The commonest things of a month stand by name and all others as '(other)', so that a month has at most some thousands of rows.
{% set names_kept = 30 %}
with done as (
    select
        events.visitor_id,
        coalesce(events.user_id, people.user_id) as user_id,
        sessions.session_id,
        sessions.started_at,
        events.occurred_at,
        events.event_id,
        events.source_system,
        -- A page by its path: what stands behind ? or # in an address differs from visit to visit.
        case
            when events.event_name = 'page_view' and events.page_url is not null
                then 'page ' || coalesce(
                    nullif(
                        substr(
                            split_part(split_part(replace(events.page_url, '://', ''), '?', 1), '#', 1),
                            1 + length(split_part(split_part(split_part(replace(events.page_url, '://', ''), '?', 1), '#', 1), '/', 1))
                        ),
                        ''
                    ),
                    '/'
                )
            else events.event_name
        end as node
    from {{ ref('silver__cleansed_events') }} as events
    inner join {{ ref('silver__sessions') }} as sessions
        on {{ in_session('events', 'sessions') }}
    left join {{ ref('silver__visitor_people') }} as people
        on {{ taken_for('events', 'people', 'occurred_at') }}
    -- Staff who were not logged in yet.
    left join {{ ref('silver__staff') }} as staff
        on people.user_id = staff.user_id
    where not events.is_heartbeat and not events.is_robot and not events.is_internal and staff.user_id is null
),

owned as (
    select
        done.*,
        cast(date_trunc('month', done.started_at) as date) as month,
        {{ person_key('users.golden_customer_id', 'done.user_id', 'done.visitor_id') }} as person_key
    from done
    left join {{ ref('silver__users') }} as users
        on done.user_id = users.user_id
),

popular as (
    select
        month,
        node,
        row_number() over (partition by month order by count(distinct person_key) desc, node asc nulls last) as node_rank
    from owned
    group by month, node
),

named as (
    select
        owned.*,
        case when popular.node_rank <= {{ names_kept }} then owned.node else '(other)' end as node_name
    from owned
    inner join popular
        on owned.month = popular.month and owned.node = popular.node
),

-- The same thing again is no step.
compared as (
    select
        *,
        lag(node_name) over (partition by session_id order by occurred_at, event_id, source_system) as node_before
    from named
),

stepped as (
    select
        month,
        person_key,
        session_id,
        node_name,
        row_number() over (partition by session_id order by occurred_at, event_id, source_system) as step_number,
        lead(node_name) over (partition by session_id order by occurred_at, event_id, source_system) as next_node
    from compared
    where node_before is null or node_before != node_name
)

select
    month,
    cast(step_number as bigint) as step_number,
    node_name as from_node,
    coalesce(next_node, '(end)') as to_node,
    cast(count(distinct person_key) as bigint) as people,
    cast(count(*) as bigint) as sessions
from stepped
where step_number <= {{ var('journey_path_steps') }}
group by month, step_number, node_name, coalesce(next_node, '(end)')
