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

-- The ranks stand for the names until all is counted: they are narrower to sort.
ranked as (
    select
        owned.month,
        owned.person_key,
        owned.session_id,
        least(popular.node_rank, {{ names_kept + 1 }}) as node_rank,
        row_number() over in_turn as place,
        lag(least(popular.node_rank, {{ names_kept + 1 }})) over in_turn as rank_before
    from owned
    inner join popular
        on owned.month = popular.month and owned.node = popular.node
    window in_turn as (partition by owned.session_id order by owned.occurred_at, owned.event_id, owned.source_system)
),

-- The same thing again is no step.
stepped as (
    select
        month,
        person_key,
        node_rank,
        row_number() over (partition by session_id order by place nulls last) as step_number,
        lead(node_rank) over (partition by session_id order by place nulls last) as next_rank
    from ranked
    where rank_before is null or rank_before != node_rank
),

counted as (
    select
        month,
        step_number,
        node_rank,
        next_rank,
        count(distinct person_key) as people,
        count(*) as sessions
    from stepped
    where step_number <= {{ var('journey_path_steps') }}
    group by month, step_number, node_rank, next_rank
),

names as (
    select
        month,
        node_rank,
        node
    from popular
    where node_rank <= {{ names_kept }}
)

select
    counted.month,
    cast(counted.step_number as bigint) as step_number,
    coalesce(from_names.node, '(other)') as from_node,
    case when counted.next_rank is null then '(end)' else coalesce(to_names.node, '(other)') end as to_node,
    cast(counted.people as bigint) as people,
    cast(counted.sessions as bigint) as sessions
from counted
left join names as from_names
    on counted.month = from_names.month and counted.node_rank = from_names.node_rank
left join names as to_names
    on counted.month = to_names.month and counted.next_rank = to_names.node_rank
