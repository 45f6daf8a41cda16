-- Grain: one row per insight that stands at as_of and finding (metric, segment and days) that it explains.
select
    evidence.insight_id,
    evidence.metric,
    evidence.segment_by,
    evidence.segment,
    evidence.is_root,
    evidence.started_on,
    evidence.ended_on,
    evidence.metric_value,
    evidence.expected,
    evidence.difference,
    evidence.change,
    evidence.p_value,
    evidence.q_value
from {{ source('insights', 'evidence') }} as evidence
inner join {{ ref('fct_insights') }} as insights
    on evidence.insight_id = insights.insight_id
