-- Grain: one row per moment, account, user and rule of the seed recommendation_rules that fits; of several subjects that fit, the strongest.
-- What the user already uses is not recommended, nor anything for use to who has not been there for 90 days: they get learning.
with matched as (
    select
        facts.moment,
        facts.customer_id,
        facts.user_id,
        rules.rule_id,
        rules.kind,
        rules.item_type,
        rules.item,
        rules.title,
        rules.sentence,
        rules.score,
        facts.fact,
        facts.subject,
        facts.subject_title,
        facts.fact_value,
        facts.evidence,
        row_number() over (
            partition by facts.moment, facts.customer_id, facts.user_id, rules.rule_id
            order by
                case when rules.at_least is null then -facts.fact_value else facts.fact_value end desc nulls last,
                facts.evidence desc nulls last,
                facts.subject nulls last
        ) as place
    from {{ ref('silver__portal_usage_facts') }} as facts
    inner join {{ ref('recommendation_rules') }} as rules
        on
            facts.fact = rules.fact
            and (rules.subject is null or facts.subject = rules.subject)
            and (rules.at_least is null or facts.fact_value >= rules.at_least)
            and (rules.at_most is null or facts.fact_value <= rules.at_most)
            and (rules.evidence_at_least is null or facts.evidence >= rules.evidence_at_least)
    where not exists (
        select 1
        from {{ ref('silver__portal_item_uses') }} as used
        where
            used.moment = facts.moment and used.customer_id = facts.customer_id and used.user_id = facts.user_id
            and used.item_type = rules.item_type and used.item = rules.item
    )
)

select
    moment,
    customer_id,
    user_id,
    rule_id,
    kind,
    item_type,
    item,
    title,
    sentence,
    score,
    fact,
    subject,
    subject_title,
    fact_value,
    evidence
from matched
where place = 1
