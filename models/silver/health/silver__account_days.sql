-- Grain: one row per account and day on which something happened to it: the counts of that day alone.
-- A visit taken for somebody's by a login that came after it is left out: on its own day nobody knew whose it was.
with answers_due as (
    select
        engagements.customer_id,
        cast({{ dbt.dateadd('hour', var('answer_within_hours'), 'engagements.occurred_at') }} as date) as due_on,
        engagements.response_hours
    from {{ ref('silver__engagements') }} as engagements
    cross join {{ ref('silver__as_of') }} as build
    where
        engagements.is_response_expected
        and {{ dbt.dateadd('hour', var('answer_within_hours'), 'engagements.occurred_at') }} <= build.as_of
),

-- A goal is judged on the day it was reached, given up, or was to be reached, whichever comes first.
goals_judged as (
    select
        goals.customer_id,
        goals.achieved_at,
        cast(least(
            coalesce(goals.achieved_at, timestamp '9999-12-31 00:00:00'),
            coalesce(goals.abandoned_at, timestamp '9999-12-31 00:00:00'),
            coalesce(goals.target_at, timestamp '9999-12-31 00:00:00')
        ) as date) as judged_on
    from {{ ref('silver__goals') }} as goals
    where goals.status != 'open'
),

measured as (
    select customer_id, active_on as date_day, 'active_users' as measure, count(distinct nullif(user_id, '')) as amount
    from {{ ref('silver__activity_days') }}
    group by customer_id, active_on
    union all
    select distinct customer_id, active_on, 'active_days', 1
    from {{ ref('silver__activity_days') }}
    union all
    -- What was done without a login counts as one user's.
    select customer_id, active_on, 'user_days', count(distinct user_id)
    from {{ ref('silver__activity_days') }}
    group by customer_id, active_on
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
    select customer_id, cast(escalated_at as date), 'escalated_tickets', count(*)
    from {{ ref('silver__support_tickets') }}
    where escalated_at is not null
    group by customer_id, cast(escalated_at as date)
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
    select customer_id, cast(responded_at as date), 'service_answers', count(*)
    from {{ ref('silver__survey_responses') }}
    where survey_type in ('csat', 'ces')
    group by customer_id, cast(responded_at as date)
    union all
    select customer_id, cast(responded_at as date), 'service_sum', sum(score_ratio)
    from {{ ref('silver__survey_responses') }}
    where survey_type in ('csat', 'ces')
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
    {%- for measure, amount, condition in [
        ('meetings_held', 'count(*)', "is_meeting and status = 'held'"),
        ('engagements_held', 'count(*)', "status = 'held'"),
        ('engagements_missed', 'count(*)', "status = 'missed'"),
        ('outcomes_known', 'count(*)', 'outcome is not null'),
        ('outcomes_negative', 'count(*)', "outcome = 'negative'"),
        ('outcome_sum', 'sum(outcome_ratio)', 'outcome is not null'),
        ('stakeholders_invited', 'sum(stakeholders_invited)', 'stakeholders_attended is not null and stakeholders_invited is not null'),
        ('stakeholders_attended', 'sum(stakeholders_attended)', 'stakeholders_attended is not null and stakeholders_invited is not null'),
        ('competitor_mentions', 'count(*)', 'mentions_competitor'),
        ('pricing_discussions', 'count(*)', 'discusses_pricing'),
        ('budget_mentions', 'count(*)', 'mentions_budget_constraints'),
        ('feature_requests', 'count(*)', 'requests_feature'),
        ('answers_asked', 'count(*)', 'is_response_expected'),
    ] %}
    union all
    select customer_id, cast(occurred_at as date), '{{ measure }}', {{ amount }}
    from {{ ref('silver__engagements') }}
    where status in ('held', 'missed') and {{ condition }}
    group by customer_id, cast(occurred_at as date)
    {%- endfor %}
    union all
    select customer_id, cast(responded_at as date), 'answers_given', count(*)
    from {{ ref('silver__engagements') }}
    where is_response_expected and responded_at is not null
    group by customer_id, cast(responded_at as date)
    union all
    -- Whether an answer came in time is known when the time is over.
    select customer_id, due_on, 'answers_due', count(*)
    from answers_due
    group by customer_id, due_on
    union all
    select customer_id, due_on, 'answers_late', count(*)
    from answers_due
    where response_hours is null or response_hours > {{ var('answer_within_hours') }}
    group by customer_id, due_on
    union all
    select customer_id, judged_on, 'goals_judged', count(*)
    from goals_judged
    group by customer_id, judged_on
    union all
    select customer_id, judged_on, 'goals_reached', count(*)
    from goals_judged
    where cast(achieved_at as date) <= judged_on
    group by customer_id, judged_on
)

select
    customer_id,
    date_day,
    {% for measure in [
        'active_users', 'active_days', 'user_days', 'sessions', 'tickets_opened', 'tickets_with_severity', 'severe_tickets',
        'escalated_tickets', 'tickets_resolved', 'satisfaction_answers', 'survey_answers', 'bills_due',
        'bills_paid_in_time', 'payment_troubles', 'service_answers', 'meetings_held', 'engagements_held', 'engagements_missed',
        'answers_asked', 'answers_given', 'answers_due', 'answers_late', 'outcomes_known', 'outcomes_negative', 'stakeholders_invited',
        'stakeholders_attended', 'competitor_mentions', 'pricing_discussions', 'budget_mentions', 'feature_requests', 'goals_judged',
        'goals_reached',
    ] -%}
    cast(coalesce(sum(amount) filter (where measure = '{{ measure }}'), 0) as bigint) as {{ measure }},
    {% endfor -%}
    {% for measure in ['session_minutes', 'resolution_hours', 'satisfaction_sum', 'survey_sum', 'service_sum', 'outcome_sum'] -%}
    cast(coalesce(sum(amount) filter (where measure = '{{ measure }}'), 0) as decimal(18, 6)) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
from measured
where customer_id is not null
group by customer_id, date_day
