-- Grain: one row per score, account, day and signal. A score is the sum of its rows' `contribution`, and nothing else.
-- An unknown signal takes no part: its share goes to the other signals of its component, an unknown component's to the other components.
with records_begin as (
    -- No activity means something only where activity is recorded, and only once the records cover the window that is asked about.
    select 'activity' as kind, min(active_on) as since from {{ ref('silver__activity_days') }}
    union all
    select 'tickets', cast(min(opened_at) as date) from {{ ref('silver__support_tickets') }} where customer_id is not null
    union all
    select 'escalations', cast(min(opened_at) as date) from {{ ref('silver__support_tickets') }} where is_escalated is not null
    union all
    select 'payments', cast(min(judged_at) as date) from {{ ref('silver__payment_behaviour') }}
),

known_from as (
    select
        max(since) filter (where kind = 'activity') as activity_since,
        cast({{ dbt.dateadd('day', 29, "max(since) filter (where kind = 'activity')") }} as date) as activity_30d_from,
        cast({{ dbt.dateadd('day', 59, "max(since) filter (where kind = 'activity')") }} as date) as activity_60d_from,
        cast({{ dbt.dateadd('day', 29, "max(since) filter (where kind = 'tickets')") }} as date) as tickets_from,
        cast({{ dbt.dateadd('day', 29, "max(since) filter (where kind = 'escalations')") }} as date) as escalations_from,
        cast({{ dbt.dateadd('day', 89, "max(since) filter (where kind = 'payments')") }} as date) as payments_from
    from records_begin
),

features as (
    select count(distinct feature_name) as features_on_offer
    from {{ ref('silver__feature_use') }}
),

signals as (
    select
        signals.score,
        signals.component,
        signals.signal,
        signals.share,
        signals.unit,
        signals.value_at_0,
        signals.value_at_100,
        components.weight as component_weight
    from {{ ref('score_signals') }} as signals
    inner join {{ ref('score_components') }} as components
        on
            signals.score = components.score
            and signals.component = components.component
    where components.weight_set = '{{ var("health_weight_set") }}'
),

raw_values as (
    select
        daily.customer_id,
        daily.date_day,
        signals.score,
        signals.component,
        signals.signal,
        signals.share,
        signals.unit,
        signals.value_at_0,
        signals.value_at_100,
        signals.component_weight,
        cast(case signals.signal
            when 'login_frequency' then case when daily.date_day >= known_from.activity_30d_from then daily.active_days_30d end
            when 'feature_adoption'
                then case
                    when daily.date_day >= known_from.activity_30d_from
                        then daily.features_used_30d * 1.0 / nullif(features.features_on_offer, 0)
                end
            when 'session_duration' then cast(daily.session_minutes_30d as double) / nullif(daily.sessions_30d, 0)
            when 'user_activity'
                then case
                    when daily.date_day >= known_from.activity_30d_from and daily.total_users > 0
                        then least(daily.active_users_30d * 1.0 / daily.total_users, 1)
                end
            when 'ticket_volume' then case when daily.date_day >= known_from.tickets_from then daily.tickets_30d end
            when 'ticket_severity' then daily.severe_tickets_90d * 1.0 / nullif(daily.tickets_with_severity_90d, 0)
            when 'resolution_time' then cast(daily.resolution_hours_90d as double) / nullif(daily.tickets_resolved_90d, 0)
            when 'satisfaction' then cast(daily.satisfaction_sum_90d as double) / nullif(daily.satisfaction_answers_90d, 0)
            when 'survey_sentiment' then cast(daily.survey_sum_180d as double) / nullif(daily.survey_answers_180d, 0)
            when 'contract_value' then cast(daily.mrr as double) / nullif(daily.highest_mrr_365d, 0)
            when 'payment_history' then daily.bills_paid_in_time_180d * 1.0 / nullif(daily.bills_due_180d, 0)
            when 'expansion' then cast(daily.mrr - daily.mrr_90d_ago as double) / nullif(daily.mrr_90d_ago, 0)
            when 'declining_login_frequency'
                then case
                    when daily.date_day >= known_from.activity_60d_from
                        then
                            (daily.active_days_30d - daily.active_days_previous_30d) * 1.0
                            / nullif(daily.active_days_previous_30d, 0)
                end
            when 'reduced_feature_usage'
                then case
                    when daily.date_day >= known_from.activity_60d_from
                        then
                            (daily.features_used_30d - daily.features_used_30d_ago) * 1.0
                            / nullif(daily.features_used_30d_ago, 0)
                end
            when 'support_escalations' then case when daily.date_day >= known_from.escalations_from then daily.escalated_tickets_30d end
            when 'days_since_last_activity'
                then case
                    -- Of an account never seen active it is only known how long it and the records of activity exist.
                    when daily.date_day >= known_from.activity_30d_from
                        then coalesce(
                            daily.days_since_last_activity,
                            {{ dbt.datediff('greatest(daily.known_on, known_from.activity_since)', 'daily.date_day', 'day') }}
                        )
                end
            when 'negative_feedback' then cast(daily.survey_sum_180d as double) / nullif(daily.survey_answers_180d, 0)
            when 'payment_delays' then case when daily.date_day >= known_from.payments_from then daily.payment_troubles_90d end
            when 'revenue_contraction' then cast(daily.mrr - daily.mrr_90d_ago as double) / nullif(daily.mrr_90d_ago, 0)
        end as double) as raw_value
    from {{ ref('silver__account_daily') }} as daily
    cross join signals
    cross join known_from
    cross join features
    where daily.is_customer
),

normalised as (
    select
        *,
        100 * greatest(0, least(1, (raw_value - value_at_0) / (value_at_100 - value_at_0))) as normalised_value,
        sum(share) over (partition by score, customer_id, date_day, component) as known_share
    from raw_values
    where raw_value is not null
),

components_known as (
    select
        score,
        customer_id,
        date_day,
        sum(component_weight) as known_weight
    from (
        select distinct score, customer_id, date_day, component, component_weight
        from normalised
    ) as component_rows
    group by score, customer_id, date_day
)

select
    normalised.score,
    normalised.customer_id,
    normalised.date_day,
    normalised.component,
    normalised.signal,
    normalised.raw_value,
    normalised.unit,
    normalised.normalised_value,
    normalised.component_weight * normalised.share as nominal_weight,
    100 * normalised.component_weight / components_known.known_weight * normalised.share / normalised.known_share as weight,
    normalised.normalised_value
    * normalised.component_weight / components_known.known_weight * normalised.share / normalised.known_share as contribution
from normalised
inner join components_known
    on
        normalised.score = components_known.score
        and normalised.customer_id = components_known.customer_id
        and normalised.date_day = components_known.date_day
