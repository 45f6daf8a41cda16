-- Grain: one row per account and day, from the day it is first known to as_of: what could be known about it at the end of that day.
-- Rolling windows end on the day itself and never look past it.
with first_known as (
    select
        customer_id,
        min(known_on) as known_on,
        min(subscribed_on) as subscribed_on
    from (
        select customer_id, cast(created_at as date) as known_on, cast(null as date) as subscribed_on
        from {{ ref('silver__accounts') }}
        union all
        select customer_id, cast(valid_from as date), cast(valid_from as date)
        from {{ ref('silver__subscription_terms') }}
        union all
        select customer_id, date_day, cast(null as date)
        from {{ ref('silver__account_days') }}
    ) as seen
    where known_on is not null
    group by customer_id
),

-- Windows look back up to a year, so the spine begins a year before the first day that is kept.
spine as (
    select
        accounts.customer_id,
        days.date_day,
        first_known.known_on,
        first_known.subscribed_on
    from {{ ref('silver__accounts') }} as accounts
    inner join first_known
        on accounts.customer_id = first_known.customer_id
    cross join {{ ref('silver__as_of') }} as build
    inner join {{ ref('silver__days') }} as days
        on
            first_known.known_on <= days.date_day
            and days.date_day >= {{ dbt.dateadd('day', -1 * (var('history_days') + 365), 'cast(build.as_of as date)') }}
),

-- Money, logins and active subjects as steps: +x when something begins, -x when it ends, summed along the spine.
moments as (
    select customer_id, valid_from as happens_at, 'mrr' as measure, mrr as step
    from {{ ref('silver__subscription_terms') }}
    where mrr is not null
    union all
    select customer_id, valid_to, 'mrr', -mrr
    from {{ ref('silver__subscription_terms') }}
    where mrr is not null
    union all
    select customer_id, valid_from, 'subscriptions', 1
    from {{ ref('silver__subscription_terms') }}
    union all
    select customer_id, valid_to, 'subscriptions', -1
    from {{ ref('silver__subscription_terms') }}
    union all
    -- When a login was switched off is not known, so history counts those made so far.
    select customer_id, coalesce(created_at, timestamp '1970-01-01 00:00:00'), 'users', 1
    from {{ ref('silver__users') }}
    where customer_id is not null
    union all
    select customer_id, cast(active_from as timestamp), 'active_' || subject_kind || 's', 1
    from {{ ref('silver__activity_spans') }}
    union all
    select customer_id, cast({{ dbt.dateadd('day', 1, 'active_to') }} as timestamp), 'active_' || subject_kind || 's', -1
    from {{ ref('silver__activity_spans') }}
),

-- The day of as_of ends at as_of: what happens later that day is not known yet.
steps as (
    select
        moments.customer_id,
        cast(moments.happens_at as date) as step_on,
        moments.measure,
        moments.step
    from moments
    cross join {{ ref('silver__as_of') }} as build
    where moments.happens_at <= build.as_of
),

first_spine_days as (
    select
        customer_id,
        min(date_day) as first_day
    from spine
    group by customer_id
),

steps_by_day as (
    select
        steps.customer_id,
        greatest(steps.step_on, first_spine_days.first_day) as date_day,
        coalesce(sum(steps.step) filter (where steps.measure = 'mrr'), 0) as mrr_step,
        coalesce(sum(steps.step) filter (where steps.measure = 'subscriptions'), 0) as subscriptions_step,
        coalesce(sum(steps.step) filter (where steps.measure = 'users'), 0) as users_step,
        coalesce(sum(steps.step) filter (where steps.measure = 'active_users'), 0) as active_users_step,
        coalesce(sum(steps.step) filter (where steps.measure = 'active_features'), 0) as active_features_step
    from steps
    inner join first_spine_days
        on steps.customer_id = first_spine_days.customer_id
    group by steps.customer_id, greatest(steps.step_on, first_spine_days.first_day)
),

levels as (
    select
        spine.customer_id,
        spine.date_day,
        spine.known_on,
        spine.subscribed_on,
        sum(coalesce(steps_by_day.mrr_step, 0)) over running as mrr,
        sum(coalesce(steps_by_day.subscriptions_step, 0)) over running as subscriptions,
        sum(coalesce(steps_by_day.users_step, 0)) over running as total_users,
        sum(coalesce(steps_by_day.active_users_step, 0)) over running as active_users_30d,
        sum(coalesce(steps_by_day.active_features_step, 0)) over running as features_used_30d,
        account_days.active_users,
        account_days.active_days,
        account_days.sessions,
        account_days.session_minutes,
        account_days.tickets_opened,
        account_days.tickets_with_severity,
        account_days.severe_tickets,
        account_days.escalated_tickets,
        account_days.tickets_resolved,
        account_days.resolution_hours,
        account_days.satisfaction_answers,
        account_days.satisfaction_sum,
        account_days.survey_answers,
        account_days.survey_sum,
        account_days.bills_due,
        account_days.bills_paid_in_time,
        account_days.payment_troubles,
        case when account_days.active_days > 0 then spine.date_day end as activity_on
    from spine
    left join steps_by_day
        on spine.customer_id = steps_by_day.customer_id and spine.date_day = steps_by_day.date_day
    left join {{ ref('silver__account_days') }} as account_days
        on spine.customer_id = account_days.customer_id and spine.date_day = account_days.date_day
    window running as (
        partition by spine.customer_id order by spine.date_day rows between unbounded preceding and current row
    )
),

windowed as (
    select
        customer_id,
        date_day,
        known_on,
        subscribed_on,
        mrr,
        subscriptions,
        total_users,
        active_users_30d,
        features_used_30d,
        coalesce(active_users, 0) as daily_active_users,
        max(activity_on) over so_far as last_active_on,
        coalesce(sum(active_days) over last_30, 0) as active_days_30d,
        coalesce(sum(active_days) over previous_30, 0) as active_days_previous_30d,
        coalesce(sum(sessions) over last_30, 0) as sessions_30d,
        coalesce(sum(session_minutes) over last_30, 0) as session_minutes_30d,
        coalesce(sum(tickets_opened) over last_30, 0) as tickets_30d,
        coalesce(sum(tickets_opened) over last_60, 0) as tickets_60d,
        coalesce(sum(tickets_opened) over last_90, 0) as tickets_90d,
        coalesce(sum(tickets_with_severity) over last_90, 0) as tickets_with_severity_90d,
        coalesce(sum(severe_tickets) over last_90, 0) as severe_tickets_90d,
        coalesce(sum(escalated_tickets) over last_30, 0) as escalated_tickets_30d,
        coalesce(sum(tickets_resolved) over last_90, 0) as tickets_resolved_90d,
        coalesce(sum(resolution_hours) over last_90, 0) as resolution_hours_90d,
        coalesce(sum(satisfaction_answers) over last_90, 0) as satisfaction_answers_90d,
        coalesce(sum(satisfaction_sum) over last_90, 0) as satisfaction_sum_90d,
        coalesce(sum(survey_answers) over last_180, 0) as survey_answers_180d,
        coalesce(sum(survey_sum) over last_180, 0) as survey_sum_180d,
        coalesce(sum(bills_due) over last_180, 0) as bills_due_180d,
        coalesce(sum(bills_paid_in_time) over last_180, 0) as bills_paid_in_time_180d,
        coalesce(sum(payment_troubles) over last_90, 0) as payment_troubles_90d,
        max(mrr) over last_365 as highest_mrr_365d,
        lag(mrr, 90) over (partition by customer_id order by date_day) as mrr_90d_ago,
        lag(features_used_30d, 30) over (partition by customer_id order by date_day) as features_used_30d_ago,
        lag(subscriptions, 30) over (partition by customer_id order by date_day) as subscriptions_30d_ago
    from levels
    window
        so_far as (partition by customer_id order by date_day rows between unbounded preceding and current row),
        last_30 as (partition by customer_id order by date_day rows between 29 preceding and current row),
        previous_30 as (partition by customer_id order by date_day rows between 59 preceding and 30 preceding),
        last_60 as (partition by customer_id order by date_day rows between 59 preceding and current row),
        last_90 as (partition by customer_id order by date_day rows between 89 preceding and current row),
        last_180 as (partition by customer_id order by date_day rows between 179 preceding and current row),
        last_365 as (partition by customer_id order by date_day rows between 364 preceding and current row)
)

select
    windowed.customer_id,
    windowed.date_day,
    windowed.known_on,
    cast(windowed.mrr as decimal(18, 4)) as mrr,
    cast(windowed.subscriptions as bigint) as subscriptions,
    -- Without any subscription on record it cannot be told who is a customer, so activity within 90 days speaks for it.
    case
        when windowed.subscriptions > 0 then true
        when windowed.subscribed_on <= windowed.date_day then false
        when windowed.last_active_on >= {{ dbt.dateadd('day', -90, 'windowed.date_day') }} then true
        else false
    end as is_customer,
    cast(windowed.total_users as bigint) as total_users,
    cast(windowed.active_users_30d as bigint) as active_users_30d,
    cast(windowed.features_used_30d as bigint) as features_used_30d,
    cast(windowed.daily_active_users as bigint) as daily_active_users,
    windowed.last_active_on,
    {{ dbt.datediff('windowed.last_active_on', 'windowed.date_day', 'day') }} as days_since_last_activity,
    {% for measure in [
        'active_days_30d', 'active_days_previous_30d', 'sessions_30d', 'tickets_30d', 'tickets_60d', 'tickets_90d',
        'tickets_with_severity_90d', 'severe_tickets_90d', 'escalated_tickets_30d', 'tickets_resolved_90d',
        'satisfaction_answers_90d', 'survey_answers_180d', 'bills_due_180d', 'bills_paid_in_time_180d',
        'payment_troubles_90d', 'features_used_30d_ago', 'subscriptions_30d_ago',
    ] -%}
    cast(windowed.{{ measure }} as bigint) as {{ measure }},
    {% endfor -%}
    cast(windowed.session_minutes_30d as decimal(18, 6)) as session_minutes_30d,
    cast(windowed.resolution_hours_90d as decimal(18, 6)) as resolution_hours_90d,
    cast(windowed.satisfaction_sum_90d as decimal(18, 6)) as satisfaction_sum_90d,
    cast(windowed.survey_sum_180d as decimal(18, 6)) as survey_sum_180d,
    cast(windowed.highest_mrr_365d as decimal(18, 4)) as highest_mrr_365d,
    cast(windowed.mrr_90d_ago as decimal(18, 4)) as mrr_90d_ago
from windowed
cross join {{ ref('silver__as_of') }} as build
where windowed.date_day >= {{ dbt.dateadd('day', -1 * var('history_days'), 'cast(build.as_of as date)') }}
