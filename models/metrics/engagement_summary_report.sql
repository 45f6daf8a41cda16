-- Grain: one row per member of the team: the last 90 days.
with engagements as (
    select
        coalesce(engagements.csm_owner, accounts.csm_owner, 'nobody named') as csm_owner,
        engagements.*
    from {{ ref('silver__engagements') }} as engagements
    inner join {{ ref('silver__accounts') }} as accounts
        on engagements.customer_id = accounts.customer_id
    cross join {{ ref('silver__as_of') }} as build
    where engagements.status in ('held', 'missed') and engagements.occurred_at > {{ dbt.dateadd('day', -90, 'build.as_of') }}
),

held as (
    select
        csm_owner,
        {% for type in ['meeting', 'call', 'email', 'demo', 'training', 'other'] -%}
        cast(sum(case when engagement_type = '{{ type }}' and status = 'held' then 1 else 0 end) as bigint) as {{ type }}s_held,
        {% endfor -%}
        cast(sum(case when status = 'missed' then 1 else 0 end) as bigint) as engagements_missed,
        count(distinct customer_id) as accounts_reached,
        cast(avg(outcome_ratio) as double) as avg_outcome_ratio,
        cast(sum(case when outcome = 'negative' then 1 else 0 end) as bigint) as negative_outcomes,
        cast(sum(case when is_response_expected and responded_at is not null then 1 else 0 end) as double)
        / nullif(sum(case when is_response_expected then 1 else 0 end), 0) as response_rate,
        cast(avg(case when is_response_expected then response_hours end) as double) as avg_response_hours
    from engagements
    group by csm_owner
),

books as (
    select
        coalesce(csm_owner, 'nobody named') as csm_owner,
        count(*) as accounts_owned,
        cast(sum(monthly_recurring_revenue) as decimal(18, 4)) as mrr_owned,
        avg(health_score) as avg_health_score,
        cast(sum(case when churn_risk_category = 'High Risk' then 1 else 0 end) as bigint) as high_risk_accounts
    from {{ ref('entity_customers') }}
    where is_active
    group by coalesce(csm_owner, 'nobody named')
)

select
    coalesce(held.csm_owner, books.csm_owner) as csm_owner,
    coalesce(books.accounts_owned, 0) as accounts_owned,
    books.mrr_owned,
    books.avg_health_score,
    coalesce(books.high_risk_accounts, 0) as high_risk_accounts,
    coalesce(held.accounts_reached, 0) as accounts_reached,
    {% for type in ['meeting', 'call', 'email', 'demo', 'training', 'other'] -%}
    coalesce(held.{{ type }}s_held, 0) as {{ type }}s_held,
    {% endfor -%}
    coalesce(held.engagements_missed, 0) as engagements_missed,
    held.avg_outcome_ratio,
    coalesce(held.negative_outcomes, 0) as negative_outcomes,
    held.response_rate,
    held.avg_response_hours
from held
full outer join books
    on held.csm_owner = books.csm_owner
