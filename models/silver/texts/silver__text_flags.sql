-- Grain: one row per text that speaks of something an engagement is marked for: which marks.
-- A mention that is taken back counts for nothing. Empty as long as the text step has not run.
{{ config(materialized='view') }}

select
    source_system,
    record_type,
    record_id,
    bool_or(engagement_flag = 'mentions_competitor') as mentions_competitor,
    bool_or(engagement_flag = 'discusses_pricing') as discusses_pricing,
    bool_or(engagement_flag = 'mentions_budget_constraints') as mentions_budget_constraints,
    bool_or(engagement_flag = 'requests_feature') as requests_feature
from {{ ref('silver__text_topics') }}
where engagement_flag is not null and engagement_flag != '' and not is_negated
group by source_system, record_type, record_id
