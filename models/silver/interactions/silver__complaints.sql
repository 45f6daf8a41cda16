-- Grain: one row per complaint, compliment, suggestion or review up to as_of, as it stood then. Those of nobody known stay in.
select
    feedback.source_system,
    feedback.feedback_id,
    identity_map.golden_customer_id,
    {{ record_key('feedback.origin_system', 'feedback.source_record_id') }} as record_key,
    feedback.feedback_type,
    feedback.channel,
    feedback.topic,
    feedback.severity,
    feedback.rating,
    feedback.comment,
    feedback.opened_at,
    case when feedback.resolved_at <= build.as_of then feedback.resolved_at end as resolved_at,
    coalesce(feedback.resolved_at <= build.as_of, false) as is_resolved,
    -- How it ended is not known before it did.
    case when feedback.resolved_at <= build.as_of then feedback.resolution end as resolution,
    case
        when feedback.resolved_at <= build.as_of and feedback.resolved_at >= feedback.opened_at
            then cast({{ seconds_between('feedback.opened_at', 'feedback.resolved_at') }} / 3600 as decimal(18, 6))
    end as resolution_hours,
    coalesce(feedback.is_escalated, false) as is_escalated,
    feedback.source_file,
    feedback.source_line
from {{ ref('bronze__complaints_feedback') }} as feedback
left join {{ ref('silver__identity_map') }} as identity_map
    on feedback.origin_system = identity_map.source_system and feedback.source_record_id = identity_map.source_record_id
cross join {{ ref('silver__as_of') }} as build
where feedback.opened_at <= build.as_of
