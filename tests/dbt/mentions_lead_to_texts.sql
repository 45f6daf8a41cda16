-- Wrong if a mention of a topic belongs to no text that was read, or if a text counts as a risk, or an engagement is marked where its source says
-- nothing, without a mention that says so.
with risks as (
    select source_system, record_type, record_id, 'mentions_competitor' as engagement_flag from {{ ref('fct_texts') }} where mentions_competitor
    union all
    select source_system, record_type, record_id, 'discusses_pricing' from {{ ref('fct_texts') }} where discusses_pricing
    union all
    select source_system, record_type, record_id, 'mentions_budget_constraints' from {{ ref('fct_texts') }} where mentions_budget_constraints
    union all
    select source_system, record_type, record_id, 'requests_feature' from {{ ref('fct_texts') }} where requests_feature
    union all
    select engagements.source_system, 'engagement', engagements.engagement_id, 'mentions_competitor'
    from {{ ref('fct_engagements') }} as engagements
    inner join {{ ref('bronze__engagements') }} as stated
        on engagements.source_system = stated.source_system and engagements.engagement_id = stated.engagement_id
    where engagements.mentions_competitor and stated.mentions_competitor is null
),

told as (
    select distinct
        mentions.source_system,
        mentions.record_type,
        mentions.record_id,
        topics.engagement_flag
    from {{ ref('fct_text_mentions') }} as mentions
    inner join {{ ref('text_topics') }} as topics
        on mentions.topic = topics.topic
    where not mentions.is_negated
)

select
    risks.record_type,
    risks.record_id,
    risks.engagement_flag as what
from risks
left join told
    on
        risks.source_system = told.source_system
        and risks.record_type = told.record_type
        and risks.record_id = told.record_id
        and risks.engagement_flag = told.engagement_flag
where told.record_id is null
union all
select
    mentions.record_type,
    mentions.record_id,
    mentions.topic as what
from {{ source('texts', 'mentions') }} as mentions
left join {{ source('texts', 'readings') }} as readings
    on
        mentions.source_system = readings.source_system
        and mentions.record_type = readings.record_type
        and mentions.record_id = readings.record_id
where readings.record_id is null
