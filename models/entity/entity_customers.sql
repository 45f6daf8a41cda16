-- Grain: one row per account, as it stands at as_of.
with today as (
    select daily.*
    from {{ ref('silver__account_daily') }} as daily
    cross join {{ ref('silver__as_of') }} as build
    where daily.date_day = cast(build.as_of as date)
),

scores as (
    select
        scores.customer_id,
        max(scores.score_value) filter (where scores.score = 'health') as health_score,
        max(scores.band) filter (where scores.score = 'health') as health_category,
        max(scores.coverage_pct) filter (where scores.score = 'health') as health_coverage_pct,
        max(scores.score_value) filter (where scores.score = 'churn_risk') as churn_risk_score,
        max(scores.band) filter (where scores.score = 'churn_risk') as churn_risk_category,
        max(scores.coverage_pct) filter (where scores.score = 'churn_risk') as churn_risk_coverage_pct,
        max(scores.score_value) filter (where scores.score = 'success') as composite_success_score
    from {{ ref('fct_scores') }} as scores
    cross join {{ ref('silver__as_of') }} as build
    where scores.date_day = cast(build.as_of as date)
    group by scores.customer_id
),

subscription_dates as (
    select
        terms.customer_id,
        min(terms.started_at) as first_subscription_at,
        min(terms.current_period_ends_at) filter (
            where (terms.valid_to is null or terms.valid_to > build.as_of) and terms.current_period_ends_at > build.as_of
        ) as renewal_at
    from {{ ref('silver__subscription_terms') }} as terms
    cross join {{ ref('silver__as_of') }} as build
    group by terms.customer_id
),

-- Recurring revenue of every stretch of terms up to as_of, a month being 365.25 / 12 days.
revenue_to_date as (
    select
        terms.customer_id,
        sum(cast(
            terms.mrr
            * {{ seconds_between('terms.valid_from', 'least(coalesce(terms.valid_to, build.as_of), build.as_of)') }}
            / (86400 * 365.25 / 12)
        as decimal(28, 6))) as lifetime_value
    from {{ ref('silver__subscription_terms') }} as terms
    cross join {{ ref('silver__as_of') }} as build
    where terms.valid_from < build.as_of and terms.mrr > 0
    group by terms.customer_id
),

-- A login is seen in sessions, in use of the product (known by the day), or stated by the system that keeps the logins.
last_logins as (
    select
        seen.customer_id,
        max(seen.seen_at) as last_login_at
    from (
        select customer_id, ended_at as seen_at from {{ ref('silver__account_sessions') }} where not coalesce(is_stitched, false)
        union all
        select customer_id, last_login_at from {{ ref('silver__users') }}
        union all
        select customer_id, cast(active_on as timestamp) from {{ ref('silver__activity_days') }}
    ) as seen
    cross join {{ ref('silver__as_of') }} as build
    where seen.customer_id is not null and seen.seen_at <= build.as_of
    group by seen.customer_id
),

nps as (
    select
        responses.customer_id,
        {{ nps('responses') }} as nps_score
    from {{ ref('silver__survey_responses') }} as responses
    cross join {{ ref('silver__as_of') }} as build
    where
        responses.survey_type = 'nps'
        and responses.customer_id is not null
        and responses.responded_at > {{ dbt.dateadd('day', -365, 'build.as_of') }}
    group by responses.customer_id
),

reasons as (
    select
        customer_id,
        {{ joined_text("case when score = 'churn_risk' then sentence end", '; ', 'reason_rank') }} as churn_risk_reasons,
        {{ joined_text("case when score = 'health' then sentence end", '; ', 'reason_rank') }} as health_reasons
    from {{ ref('fct_score_reasons') }}
    where score in ('health', 'churn_risk') and reason_rank <= 3
    group by customer_id
),

devices as (
    select
        customer_id,
        count(*) as total_devices,
        sum(case when is_active then 1 else 0 end) as active_devices
    from {{ ref('silver__devices') }}
    group by customer_id
)

select
    accounts.customer_id,
    accounts.customer_name,
    accounts.customer_name as company_name,
    accounts.customer_tier,
    accounts.industry,
    accounts.country,
    accounts.csm_owner,
    accounts.is_listed,
    coalesce(today.is_customer, false) as is_active,
    cast(subscription_dates.first_subscription_at as date) as first_subscription_date,
    {{ dbt.datediff('subscription_dates.first_subscription_at', 'build.as_of', 'month') }} as months_since_first_subscription,
    coalesce(today.mrr, 0) as monthly_recurring_revenue,
    coalesce(today.mrr, 0) as customer_mrr,
    coalesce(today.mrr, 0) * 12 as annual_recurring_revenue,
    cast(coalesce(revenue_to_date.lifetime_value, 0) as decimal(18, 2)) as lifetime_value,
    worth.expected_margin_usd as predicted_lifetime_value,
    coalesce(today.total_users, 0) as total_users,
    coalesce(today.active_users_30d, 0) as active_users_30d,
    cast(coalesce(devices.total_devices, 0) as bigint) as total_devices,
    cast(coalesce(devices.active_devices, 0) as bigint) as active_devices,
    scores.health_score as customer_health_score,
    scores.health_score,
    scores.health_category,
    scores.health_coverage_pct,
    reasons.health_reasons,
    scores.churn_risk_score,
    scores.churn_risk_category,
    scores.churn_risk_coverage_pct,
    reasons.churn_risk_reasons,
    predictions.churn_probability,
    scores.composite_success_score,
    last_logins.last_login_at,
    {{ dbt.datediff('last_logins.last_login_at', 'build.as_of', 'day') }} as last_login_days_ago,
    nps.nps_score,
    cast(subscription_dates.renewal_at as date) as renewal_date,
    accounts.source_systems,
    accounts.source_system,
    accounts.source_file,
    accounts.source_line,
    build.as_of
from {{ ref('silver__accounts') }} as accounts
cross join {{ ref('silver__as_of') }} as build
left join today
    on accounts.customer_id = today.customer_id
left join scores
    on accounts.customer_id = scores.customer_id
left join subscription_dates
    on accounts.customer_id = subscription_dates.customer_id
left join revenue_to_date
    on accounts.customer_id = revenue_to_date.customer_id
left join last_logins
    on accounts.customer_id = last_logins.customer_id
left join nps
    on accounts.customer_id = nps.customer_id
left join reasons
    on accounts.customer_id = reasons.customer_id
left join {{ ref('fct_churn_predictions') }} as predictions
    on accounts.customer_id = predictions.customer_id and predictions.horizon_days = 90
left join {{ ref('fct_lifetime_value') }} as worth
    on accounts.customer_id = worth.customer_id and worth.kind = 'contractual'
left join devices
    on accounts.customer_id = devices.customer_id
