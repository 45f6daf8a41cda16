-- Wrong if a mention of a topic points at no text, or at none that bronze has.
{{ config(severity='error') }}
with records as (
    select source_system, 'ticket' as record_type, ticket_id as record_id, coalesce(subject, description) as content
    from {{ ref('bronze__support_tickets') }}
    union all
    select source_system, 'survey_answer', response_id, comment
    from {{ ref('bronze__survey_responses') }}
    union all
    select source_system, 'engagement', engagement_id, coalesce(subject, notes)
    from {{ ref('bronze__engagements') }}
)

select
    mentions.source_system,
    mentions.record_type,
    mentions.record_id,
    mentions.topic
from {{ ref('fct_text_mentions') }} as mentions
left join records
    on
        mentions.source_system = records.source_system
        and mentions.record_type = records.record_type
        and mentions.record_id = records.record_id
        and records.content is not null
left join {{ ref('fct_texts') }} as texts
    on
        mentions.source_system = texts.source_system
        and mentions.record_type = texts.record_type
        and mentions.record_id = texts.record_id
where records.record_id is null or texts.record_id is null
