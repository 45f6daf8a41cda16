-- Grain: one row per suggestion of what to look at next: the segments that make most of an insight's difference, and metrics that cannot be judged by day.
select
    suggestions.insight_id,
    suggestions.suggestion,
    suggestions.rows_query
from {{ source('insights', 'suggestions') }} as suggestions
left join {{ ref('fct_insights') }} as insights
    on suggestions.insight_id = insights.insight_id
where suggestions.insight_id is null or insights.insight_id is not null
