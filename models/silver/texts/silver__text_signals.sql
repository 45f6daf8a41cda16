-- Grain: one row per ticket, survey answer or engagement with a text, seen from as_of: its tone, and what it says of the risks.
with records as (
    select
        source_system,
        'ticket' as record_type,
        ticket_id as record_id,
        customer_id,
        user_id,
        opened_at as written_at,
        source_file,
        source_line
    from {{ ref('silver__support_tickets') }}
    union all
    select
        source_system,
        'survey_answer' as record_type,
        response_id as record_id,
        customer_id,
        user_id,
        responded_at as written_at,
        source_file,
        source_line
    from {{ ref('silver__survey_responses') }}
    union all
    -- What is noted ahead of a talk, or of one that did not come about, nobody has said.
    select
        source_system,
        'engagement' as record_type,
        engagement_id as record_id,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as user_id,
        occurred_at as written_at,
        source_file,
        source_line
    from {{ ref('silver__engagements') }}
    where status = 'held'
)

select
    records.source_system,
    records.record_type,
    records.record_id,
    records.customer_id,
    records.user_id,
    records.written_at,
    records.record_type != 'engagement' as is_written_by_customer,
    readings.words,
    readings.language,
    readings.sentiment,
    readings.sentiment_label,
    readings.no_sentiment_reason,
    coalesce(flags.mentions_competitor, false) as mentions_competitor,
    coalesce(flags.discusses_pricing, false) as discusses_pricing,
    coalesce(flags.mentions_budget_constraints, false) as mentions_budget_constraints,
    coalesce(flags.requests_feature, false) as requests_feature,
    records.source_file,
    records.source_line
from records
inner join {{ source('texts', 'readings') }} as readings
    on
        records.source_system = readings.source_system
        and records.record_type = readings.record_type
        and records.record_id = readings.record_id
left join {{ ref('silver__text_flags') }} as flags
    on
        records.source_system = flags.source_system
        and records.record_type = flags.record_type
        and records.record_id = flags.record_id
