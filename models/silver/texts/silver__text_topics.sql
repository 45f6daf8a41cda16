-- Grain: one row per text and topic it speaks of.
-- A topic that was taken out of the seed is no topic any more, even before the texts are read again.
{{ config(materialized='view') }}

select
    mentions.source_system,
    mentions.record_type,
    mentions.record_id,
    mentions.topic,
    topics.topic_name,
    topics.is_risk,
    topics.engagement_flag,
    mentions.words,
    mentions.mentions,
    mentions.competitors,
    mentions.is_negated
from {{ source('texts', 'mentions') }} as mentions
inner join {{ ref('text_topics') }} as topics
    on mentions.topic = topics.topic
