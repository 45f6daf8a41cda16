-- Grain: one row per text and topic it speaks of, with the words that say so.
select
    topics.source_system,
    topics.record_type,
    topics.record_id,
    topics.topic,
    topics.topic_name,
    topics.is_risk,
    topics.words,
    topics.mentions,
    topics.competitors,
    topics.is_negated,
    texts.customer_id,
    texts.written_at,
    texts.is_written_by_customer,
    texts.sentiment,
    texts.source_file,
    texts.source_line
from {{ ref('silver__text_topics') }} as topics
inner join {{ ref('silver__text_signals') }} as texts
    on
        topics.source_system = texts.source_system
        and topics.record_type = texts.record_type
        and topics.record_id = texts.record_id
