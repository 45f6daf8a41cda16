-- Grain: one row per insight of the ten that matter most and day of the last 120: what its chart shows.
select
    points.insight_id,
    points.date_day,
    points.metric_value,
    points.expected,
    points.low as usual_low,
    points.high as usual_high
from {{ source('insights', 'points') }} as points
inner join {{ ref('fct_insights') }} as insights
    on points.insight_id = insights.insight_id
