-- Grain: one row per account and day on which something happened to it: the counts of that day alone.
-- A visit taken for somebody's by a login that came after it is left out: on its own day nobody knew whose it was.
with measured as (
    select customer_id, active_on as date_day, 'active_users' as measure, count(distinct nullif(user_id, '')) as amount
    from {{ ref('silver__activity_days') }}
    group by customer_id, active_on
    union all
    select distinct customer_id, active_on, 'active_days', 1
    from {{ ref('silver__activity_days') }}
    union all
    select customer_id, cast(started_at as date), 'sessions', count(*)
    from {{ ref('silver__account_sessions') }}
    where not coalesce(is_stitched, false)
    group by customer_id, cast(started_at as date)
    union all
    select customer_id, cast(started_at as date), 'session_minutes', cast(sum(duration_seconds) / 60 as decimal(18, 6))
    from {{ ref('silver__account_sessions') }}
    where not coalesce(is_stitched, false)
    group by customer_id, cast(started_at as date)
    union all
    select customer_id, cast(opened_at as date), 'tickets_opened', count(*)
    from {{ ref('silver__support_tickets') }}
    group by customer_id, cast(opened_at as date)
    union all
    select customer_id, cast(opened_at as date), 'tickets_with_severity', count(severity)
    from {{ ref('silver__support_tickets') }}
    group by customer_id, cast(opened_at as date)
    union all
    select customer_id, cast(opened_at as date), 'severe_tickets', count(*)
    from {{ ref('silver__support_tickets') }}
    where severity >= 2
    group by customer_id, cast(opened_at as date)
    union all
    select customer_id, cast(opened_at as date), 'escalated_tickets', count(*)
    from {{ ref('silver__support_tickets') }}
    where is_escalated
    group by customer_id, cast(opened_at as date)
    union all
    select customer_id, cast(resolved_at as date), 'tickets_resolved', count(resolution_hours)
    from {{ ref('silver__support_tickets') }}
    where resolved_at is not null
    group by customer_id, cast(resolved_at as date)
    union all
    select customer_id, cast(resolved_at as date), 'resolution_hours', sum(resolution_hours)
    from {{ ref('silver__support_tickets') }}
    where resolved_at is not null
    group by customer_id, cast(resolved_at as date)
    union all
    select customer_id, cast(resolved_at as date), 'satisfaction_answers', count(satisfaction_ratio)
    from {{ ref('silver__support_tickets') }}
    where resolved_at is not null
    group by customer_id, cast(resolved_at as date)
    union all
    select customer_id, cast(resolved_at as date), 'satisfaction_sum', sum(satisfaction_ratio)
    from {{ ref('silver__support_tickets') }}
    where resolved_at is not null
    group by customer_id, cast(resolved_at as date)
    union all
    select customer_id, cast(responded_at as date), 'survey_answers', count(*)
    from {{ ref('silver__survey_responses') }}
    group by customer_id, cast(responded_at as date)
    union all
    select customer_id, cast(responded_at as date), 'survey_sum', sum(score_ratio)
    from {{ ref('silver__survey_responses') }}
    group by customer_id, cast(responded_at as date)
    union all
    select customer_id, cast(judged_at as date), 'bills_due', sum(bills)
    from {{ ref('silver__payment_behaviour') }}
    group by customer_id, cast(judged_at as date)
    union all
    select customer_id, cast(judged_at as date), 'bills_paid_in_time', sum(bills_paid_in_time)
    from {{ ref('silver__payment_behaviour') }}
    group by customer_id, cast(judged_at as date)
    union all
    select customer_id, cast(judged_at as date), 'payment_troubles', sum(payment_troubles)
    from {{ ref('silver__payment_behaviour') }}
    group by customer_id, cast(judged_at as date)
)

select
    customer_id,
    date_day,
    {% for measure in [
        'active_users', 'active_days', 'sessions', 'tickets_opened', 'tickets_with_severity', 'severe_tickets',
        'escalated_tickets', 'tickets_resolved', 'satisfaction_answers', 'survey_answers', 'bills_due',
        'bills_paid_in_time', 'payment_troubles',
    ] -%}
    cast(coalesce(sum(amount) filter (where measure = '{{ measure }}'), 0) as bigint) as {{ measure }},
    {% endfor -%}
    {% for measure in ['session_minutes', 'resolution_hours', 'satisfaction_sum', 'survey_sum'] -%}
    cast(coalesce(sum(amount) filter (where measure = '{{ measure }}'), 0) as decimal(18, 6)) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
from measured
where customer_id is not null
group by customer_id, date_day
