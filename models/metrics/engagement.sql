-- Grain: one row per month, tier, manager and kind of engagement.
with ordered as (
    select
        engagements.*,
        lag(occurred_at) over (
            partition by customer_id, status
            order by occurred_at, source_system, engagement_id nulls last
        ) as previous_at
    from {{ ref('silver__engagements') }} as engagements
    where status != 'planned'
),

engagements as (
    select
        cast(date_trunc('month', engagements.occurred_at) as date) as month,
        accounts.customer_tier,
        coalesce(engagements.csm_owner, 'nobody named') as csm_owner,
        engagements.engagement_type,
        engagements.customer_id,
        engagements.status,
        engagements.outcome,
        engagements.outcome_ratio,
        engagements.is_response_expected,
        engagements.responded_at,
        engagements.response_hours,
        engagements.duration_minutes,
        engagements.stakeholders_invited,
        engagements.stakeholders_attended,
        engagements.is_champion_present,
        engagements.is_decision_maker_present,
        engagements.occurred_at,
        -- Days since the last contact of any kind that took place.
        case
            when engagements.status = 'held'
                then {{ dbt.datediff('engagements.previous_at', 'engagements.occurred_at', 'day') }}
        end as gap_days
    from ordered as engagements
    inner join {{ ref('silver__accounts') }} as accounts
        on engagements.customer_id = accounts.customer_id
)

select
    month,
    customer_tier,
    csm_owner,
    engagement_type,
    count(*) as engagements,
    count(distinct customer_id) as accounts,
    cast(sum(case when status = 'held' then 1 else 0 end) as bigint) as engagements_held,
    cast(sum(case when status = 'missed' then 1 else 0 end) as bigint) as engagements_missed,
    cast(sum(case when status = 'cancelled' then 1 else 0 end) as bigint) as engagements_cancelled,
    {% for outcome in ['positive', 'neutral', 'negative', 'action_required'] -%}
    cast(sum(case when outcome = '{{ outcome }}' then 1 else 0 end) as bigint) as {{ outcome }}_outcomes,
    {% endfor -%}
    cast(avg(outcome_ratio) as double) as avg_outcome_ratio,
    cast(sum(case when is_response_expected then 1 else 0 end) as bigint) as answers_asked,
    cast(sum(case when is_response_expected and responded_at is not null then 1 else 0 end) as bigint) as answers_given,
    cast(avg(case when is_response_expected then response_hours end) as double) as avg_response_hours,
    cast(avg(duration_minutes) as double) as avg_duration_minutes,
    avg(gap_days) as avg_gap_days,
    cast(sum(case when stakeholders_attended is not null then stakeholders_invited end) as double) as stakeholders_invited,
    cast(sum(stakeholders_attended) as double) as stakeholders_attended,
    cast(sum(case when stakeholders_invited is not null then stakeholders_attended end) as double)
    / nullif(sum(case when stakeholders_attended is not null then stakeholders_invited end), 0) as stakeholder_participation_rate,
    cast(sum(case when is_champion_present then 1 else 0 end) as double) / nullif(count(case when status = 'held' then is_champion_present end), 0)
        as champion_present_rate,
    cast(sum(case when is_decision_maker_present then 1 else 0 end) as double)
    / nullif(count(case when status = 'held' then is_decision_maker_present end), 0) as decision_maker_present_rate
from engagements
group by month, customer_tier, csm_owner, engagement_type
