-- Grain: one row per account and day on which something happened to it: the counts of that day alone.
-- A visit taken for somebody's by a login that came after it is left out: on its own day nobody knew whose it was.
{%- set parts = [
    {
        'from': ref('silver__activity_days'),
        'day': 'active_on',
        'measures': {
            'active_users': "count(distinct nullif(user_id, ''))",
            'active_days': 'count(distinct active_on)',
            'user_days': 'count(distinct user_id)',
        },
    },
    {
        'from': ref('silver__account_sessions'),
        'day': 'started_at',
        'where': 'not coalesce(is_stitched, false)',
        'measures': {'sessions': 'count(*)', 'session_minutes': 'cast(sum(duration_seconds) / 60 as decimal(18, 6))'},
    },
    {
        'from': ref('silver__support_tickets'),
        'day': 'opened_at',
        'measures': {
            'tickets_opened': 'count(*)',
            'tickets_with_severity': 'count(severity)',
            'severe_tickets': 'sum(case when severity >= 2 then 1 else 0 end)',
        },
    },
    {'from': ref('silver__support_tickets'), 'day': 'escalated_at', 'measures': {'escalated_tickets': 'count(*)'}},
    {
        'from': ref('silver__support_tickets'),
        'day': 'resolved_at',
        'measures': {
            'tickets_resolved': 'count(resolution_hours)',
            'resolution_hours': 'sum(resolution_hours)',
            'satisfaction_answers': 'count(satisfaction_ratio)',
            'satisfaction_sum': 'sum(satisfaction_ratio)',
        },
    },
    {
        'from': ref('silver__survey_responses'),
        'day': 'responded_at',
        'measures': {
            'survey_answers': 'count(*)',
            'survey_sum': 'sum(score_ratio)',
            'service_answers': "sum(case when survey_type in ('csat', 'ces') then 1 else 0 end)",
            'service_sum': "sum(case when survey_type in ('csat', 'ces') then score_ratio end)",
        },
    },
    {
        'from': ref('silver__payment_behaviour'),
        'day': 'judged_at',
        'measures': {
            'bills_due': 'sum(bills)', 'bills_paid_in_time': 'sum(bills_paid_in_time)', 'payment_troubles': 'sum(payment_troubles)',
        },
    },
    {
        'from': ref('silver__engagements'),
        'day': 'occurred_at',
        'where': "status in ('held', 'missed')",
        'measures': {
            'meetings_held': "sum(case when is_meeting and status = 'held' then 1 else 0 end)",
            'engagements_held': "sum(case when status = 'held' then 1 else 0 end)",
            'engagements_missed': "sum(case when status = 'missed' then 1 else 0 end)",
            'outcomes_known': 'count(outcome)',
            'outcomes_negative': "sum(case when outcome = 'negative' then 1 else 0 end)",
            'outcome_sum': 'sum(case when outcome is not null then outcome_ratio end)',
            'stakeholders_invited': 'sum(case when stakeholders_attended is not null then stakeholders_invited end)',
            'stakeholders_attended': 'sum(case when stakeholders_invited is not null then stakeholders_attended end)',
            'competitor_mentions': 'sum(case when mentions_competitor then 1 else 0 end)',
            'pricing_discussions': 'sum(case when discusses_pricing then 1 else 0 end)',
            'budget_mentions': 'sum(case when mentions_budget_constraints then 1 else 0 end)',
            'feature_requests': 'sum(case when requests_feature then 1 else 0 end)',
            'answers_asked': 'sum(case when is_response_expected then 1 else 0 end)',
        },
    },
    {
        'from': ref('silver__risk_mentions'),
        'day': 'occurred_at',
        'where': "record_type != 'engagement'",
        'measures': {
            'competitor_texts': 'sum(case when mentions_competitor then 1 else 0 end)',
            'pricing_texts': 'sum(case when discusses_pricing then 1 else 0 end)',
        },
    },
    {'from': ref('silver__engagements'), 'day': 'responded_at', 'where': 'is_response_expected', 'measures': {'answers_given': 'count(*)'}},
    {
        'from': 'answers_due',
        'day': 'due_on',
        'measures': {
            'answers_due': 'count(*)',
            'answers_late': 'sum(case when response_hours is null or response_hours > ' ~ var('answer_within_hours') ~ ' then 1 else 0 end)',
        },
    },
    {
        'from': 'goals_judged',
        'day': 'judged_on',
        'measures': {'goals_judged': 'count(*)', 'goals_reached': 'sum(case when cast(achieved_at as date) <= judged_on then 1 else 0 end)'},
    },
] %}
{%- set in_decimals = ['session_minutes', 'resolution_hours', 'satisfaction_sum', 'survey_sum', 'service_sum', 'outcome_sum'] %}
{%- set types = {} %}
{%- for part in parts %}
    {%- for measure in part.measures %}
        {%- do types.update({measure: 'decimal(18, 6)' if measure in in_decimals else 'bigint'}) %}
    {%- endfor %}
{%- endfor %}
{%- set measures = types.keys() | list %}
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

-- What was done without a login counts as one user's. Whether an answer came in time is known when the time is over.
measured as (
    {%- for part in parts %}
    {{ 'union all' if not loop.first }}
    select
        customer_id,
        cast({{ part.day }} as date) as date_day,
        {%- for measure in measures %}
        cast({{ part.measures.get(measure, 'null') }} as {{ types[measure] }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ part.from }}
    where customer_id is not null and {{ part.day }} is not null{{ ' and ' ~ part.where if part.where }}
    group by customer_id, cast({{ part.day }} as date)
    {%- endfor %}
)

select
    customer_id,
    date_day,
    {%- for measure in measures %}
    cast(coalesce(sum({{ measure }}), 0) as {{ types[measure] }}) as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
from measured
group by customer_id, date_day
