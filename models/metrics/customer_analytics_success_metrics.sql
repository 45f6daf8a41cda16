-- Grain: one row per account and month in which somebody of it did something in the portal.
with scored as (
    {{ scores_of(ref('fct_portal_score_contributions'), ['customer_id', 'month']) | indent(4) }}
),

grown as (
    select
        *,
        active_days - lag(active_days) over months as active_days_growth,
        dashboards_used - lag(dashboards_used) over months as dashboard_adoption_growth,
        feature_adoption_breadth - lag(feature_adoption_breadth) over months as feature_growth,
        avg_session_duration - lag(avg_session_duration) over months as engagement_trend,
        lag(self_service_ratio) over months as prev_self_service_ratio
    from {{ ref('silver__portal_months') }}
    window months as (partition by customer_id order by month)
),

-- The first category whose two bounds are passed; who passes none is at risk. Where nobody notes who asks for help, there is no category.
categorised as (
    select
        grown.customer_id,
        grown.month,
        min(categories.category_order) as category_order
    from grown
    inner join {{ ref('portal_categories') }} as categories
        on grown.active_days >= categories.active_days_from and grown.self_service_ratio > categories.self_service_ratio_above
    group by grown.customer_id, grown.month
),

named as (
    select
        grown.*,
        scored.score_value as success_score,
        scored.band as success_level,
        scored.coverage_pct,
        case when grown.self_service_ratio is not null then coalesce(categories.customer_category, 'At Risk') end as customer_category
    from grown
    left join scored
        on grown.customer_id = scored.customer_id and grown.month = scored.month
    left join categorised
        on grown.customer_id = categorised.customer_id and grown.month = categorised.month
    left join {{ ref('portal_categories') }} as categories
        on categorised.category_order = categories.category_order
)

select
    customer_id,
    month,
    success_score,
    customer_category,
    cast(active_days as bigint) as active_days,
    avg_session_duration,
    cast(feature_adoption_breadth as bigint) as feature_adoption_breadth,
    self_service_ratio,
    valuable_insights,
    cast(collaboration_instances as bigint) as collaboration_instances,
    cast(active_days_growth as bigint) as active_days_growth,
    engagement_trend,
    success_level,
    -- Without a category there is nothing to go by.
    case
        when customer_category is null then null
        when customer_category = 'At Risk' then 'Immediate intervention needed'
        when customer_category = 'Casual User' and success_score < 40 then 'Onboarding support recommended'
        when customer_category = 'Regular User' and engagement_trend < 0 then 'Re-engagement campaign'
        when customer_category in ('Advocate', 'Champion') then 'Expansion opportunity'
        else 'Monitor and maintain'
    end as recommended_action,
    cast(total_activities as bigint) as total_activities,
    cast(dashboards_used as bigint) as dashboards_used,
    cast(queries_executed as bigint) as queries_executed,
    deep_analysis_sessions,
    insights_generated,
    self_service_activities,
    cast(dashboard_adoption_growth as bigint) as dashboard_adoption_growth,
    cast(feature_growth as bigint) as feature_growth,
    prev_self_service_ratio,
    coverage_pct
from named
