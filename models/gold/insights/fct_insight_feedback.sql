-- Grain: one row per person and insight they said something of: their last verdict.
select
    feedback.insight_id,
    feedback.given_by,
    feedback.verdict,
    feedback.given_at,
    feedback.note,
    found.kind,
    found.metric,
    found.title
from {{ source('insights', 'feedback') }} as feedback
left join {{ source('insights', 'found') }} as found
    on feedback.insight_id = found.insight_id
