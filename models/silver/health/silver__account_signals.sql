-- Grain: one row per account and day on which it was a customer: the raw value of every signal, empty where nothing is known of it.
-- Each signal of the seed score_signals is a column here; a test says if one is not.
{{ config(materialized='view') }}

with dated as (
    select
        daily.*,
        -- Days of the 90 before the last 30 that there are records of.
        least(
            {{ dbt.datediff('greatest(daily.known_on, context.activity_since)', 'daily.date_day', 'day') }} - 29, 90
        ) as usual_days
    from {{ ref('silver__account_daily') }} as daily
    inner join {{ ref('silver__score_context') }} as context
        on daily.date_day = context.date_day
    where daily.is_customer
)

select
    daily.customer_id,
    daily.date_day,
    -- Use of the product
    case when context.is_activity_known_30d then cast(daily.active_days_30d as double) end as login_frequency,
    case
        when context.is_activity_known_30d and context.features_on_offer > 0
            then least(cast(daily.features_used_30d as double) / context.features_on_offer, 1)
    end as feature_adoption,
    cast(daily.session_minutes_30d as double) / nullif(daily.sessions_30d, 0) as session_duration,
    case
        when context.is_activity_known_30d and daily.total_users > 0
            then least(cast(daily.active_users_30d as double) / daily.total_users, 1)
    end as user_activity,
    -- Logins a day against the 90 days before, or as many of them as there are records of: fewer than 30 say nothing.
    case
        when daily.usual_days >= 30
            then cast(daily.user_days_30d as double) / 30 / nullif(cast(daily.user_days_previous_90d as double) / nullif(daily.usual_days, 0), 0) - 1
    end as declining_login_frequency,
    case
        when context.is_activity_known_60d
            then cast(daily.features_used_30d - daily.features_used_30d_ago as double) / nullif(daily.features_used_30d_ago, 0)
    end as reduced_feature_usage,
    -- Of an account never seen active it is only known how long it and the records of activity exist.
    case
        when context.is_activity_known_30d
            then cast(coalesce(
                daily.days_since_last_activity,
                {{ dbt.datediff('greatest(daily.known_on, context.activity_since)', 'daily.date_day', 'day') }}
            ) as double)
    end as days_since_last_activity,
    -- Support
    case when context.are_tickets_known_30d then cast(daily.tickets_30d as double) end as ticket_volume,
    cast(daily.severe_tickets_90d as double) / nullif(daily.tickets_with_severity_90d, 0) as ticket_severity,
    cast(daily.resolution_hours_90d as double) / nullif(daily.tickets_resolved_90d, 0) as resolution_time,
    cast(daily.satisfaction_sum_90d + daily.service_sum_90d as double)
    / nullif(daily.satisfaction_answers_90d + daily.service_answers_90d, 0) as satisfaction,
    case when context.are_escalations_known_30d then cast(daily.escalated_tickets_30d as double) end as support_escalations,
    -- Engagement
    case
        when context.are_engagements_known_90d
            then cast(daily.meetings_held_90d as double) / nullif(cast(daily.meetings_expected_90d as double), 0)
    end as meeting_frequency,
    -- An answer may belong to something asked before the 90 days.
    case
        when daily.answers_asked_90d > 0 then least(cast(daily.answers_given_90d as double) / daily.answers_asked_90d, 1)
    end as response_rate,
    cast(daily.outcome_sum_180d as double) / nullif(daily.outcomes_known_180d, 0) as outcome_quality,
    cast(daily.stakeholders_attended_180d as double) / nullif(daily.stakeholders_invited_180d, 0) as stakeholder_participation,
    cast(daily.engagements_missed_90d as double)
    / nullif(daily.engagements_held_90d + daily.engagements_missed_90d, 0) as missed_meetings,
    cast(daily.answers_late_90d as double) / nullif(daily.answers_due_90d, 0) as delayed_responses,
    cast(daily.outcomes_negative_90d as double) / nullif(daily.outcomes_known_90d, 0) as negative_outcomes,
    cast(daily.survey_sum_180d as double) / nullif(daily.survey_answers_180d, 0) as negative_feedback,
    cast(daily.survey_sum_180d as double) / nullif(daily.survey_answers_180d, 0) as survey_sentiment,
    -- What nobody had an occasion to say is not known.
    -- A ticket or comment that speaks of it counts as a talk in which it was said. One that does not was written for another reason and says
    -- nothing: counted as a talk in which it was not said, every ticket would make the account look safer. Without any talk one line in a ticket
    -- would be all that was said, so the share is not known then.
    case
        when daily.engagements_held_180d > 0
            then
                cast(daily.competitor_mentions_180d + daily.competitor_texts_180d as double)
                / nullif(daily.engagements_held_180d + daily.competitor_texts_180d, 0)
    end as competitor_mentions,
    case
        when daily.engagements_held_180d > 0
            then
                cast(daily.pricing_discussions_180d + daily.pricing_texts_180d as double)
                / nullif(daily.engagements_held_180d + daily.pricing_texts_180d, 0)
    end as pricing_discussions,
    cast(daily.budget_mentions_180d as double) / nullif(daily.engagements_held_180d, 0) as budget_constraints,
    cast(daily.feature_requests_180d as double) / nullif(daily.engagements_held_180d, 0) as feature_requests,
    cast(daily.goals_reached_365d as double) / nullif(daily.goals_judged_365d, 0) as goal_completion,
    -- Business
    cast(daily.mrr as double) / nullif(cast(daily.highest_mrr_365d as double), 0) as contract_value,
    cast(daily.bills_paid_in_time_180d as double) / nullif(daily.bills_due_180d, 0) as payment_history,
    case when context.are_payments_known_90d then cast(daily.payment_troubles_90d as double) end as payment_delays,
    cast(daily.mrr - daily.mrr_90d_ago as double) / nullif(cast(daily.mrr_90d_ago as double), 0) as expansion,
    cast(daily.mrr - daily.mrr_90d_ago as double) / nullif(cast(daily.mrr_90d_ago as double), 0) as revenue_contraction,
    cast(daily.mrr - daily.mrr_365d_ago as double) / nullif(cast(daily.mrr_365d_ago as double), 0) as revenue_growth,
    1 - cast(daily.notice_mrr as double) / nullif(cast(daily.mrr as double), 0) as renewal_likelihood,
    -- Who pays by the month can leave with a month's notice, on average half a month into the next: 45 days.
    case
        when daily.mrr > 0
            then cast(coalesce({{ dbt.datediff('daily.date_day', 'daily.contract_ends_on', 'day') }}, 45) as double)
    end as contract_approaching_renewal
from dated as daily
inner join {{ ref('silver__score_context') }} as context
    on daily.date_day = context.date_day
