-- Grain: one row per insight of the last look: what changed, by how much, what it is worth, how sure it is, which rows are behind it, what to do.
with last_look as (
    select max(looked_at) as looked_at
    from {{ source('insights', 'series') }}
)

select
    found.insight_id,
    found.kind,
    found.metric,
    found.segment_by,
    found.segment,
    found.direction,
    found.is_good,
    found.title,
    found.description,
    found.started_on,
    found.ended_on,
    found.first_found_at,
    found.found_at,
    found.first_found_at = found.found_at as is_first_time,
    found.metric_value,
    found.expected,
    found.difference,
    found.change,
    found.impact_usd,
    found.impact_words,
    found.confidence,
    found.priority,
    found.magnitude,
    found.usefulness,
    found.importance,
    case
        when not found.is_dismissed
            then row_number() over (
                partition by found.is_dismissed
                order by cast(found.importance as decimal(18, 9)) desc nulls last, found.insight_id nulls last
            )
    end as insight_rank,
    found.is_dismissed,
    found.suggested_action,
    found.other_metric,
    found.lag_days,
    found.correlation,
    found.forecast,
    found.forecast_low,
    found.forecast_high,
    found.evidence as findings,
    found.rows_query
from {{ source('insights', 'found') }} as found
inner join last_look
    on found.found_at = last_look.looked_at
