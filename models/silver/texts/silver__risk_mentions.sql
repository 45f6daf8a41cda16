-- Grain: one row per talk, ticket or survey comment in which another vendor or the price was spoken of: what these two risks are measured on.
{{ config(materialized='view') }}

select
    source_system,
    'engagement' as record_type,
    engagement_id as record_id,
    customer_id,
    occurred_at,
    coalesce(mentions_competitor, false) as mentions_competitor,
    coalesce(discusses_pricing, false) as discusses_pricing,
    source_file,
    source_line
from {{ ref('silver__engagements') }}
where mentions_competitor or discusses_pricing
union all
select
    source_system,
    record_type,
    record_id,
    customer_id,
    written_at as occurred_at,
    mentions_competitor,
    discusses_pricing,
    source_file,
    source_line
from {{ ref('silver__text_signals') }}
where is_written_by_customer and (mentions_competitor or discusses_pricing)
