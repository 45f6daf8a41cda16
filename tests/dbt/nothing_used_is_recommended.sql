-- Wrong if a user is recommended a dashboard, query or feature that the activity log has of the user, or an account one that it has of anybody.
select
    recommendations.customer_id,
    recommendations.user_id,
    recommendations.item
from {{ ref('fct_recommendations') }} as recommendations
inner join {{ ref('silver__portal_activities') }} as activities
    on
        recommendations.customer_id = activities.customer_id
        and (recommendations.user_id = activities.user_id or recommendations.user_id is null)
        and recommendations.item
        = case recommendations.item_type
            when 'dashboard' then activities.dashboard_id
            when 'query' then activities.query_id
            when 'feature' then activities.feature_used
        end
where recommendations.user_id is not null or recommendations.item_type <> 'learning'
