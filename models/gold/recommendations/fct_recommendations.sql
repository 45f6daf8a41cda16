-- Grain: one row per user of the portal (or account, where it concerns all of it or no user is known) and recommended item, at as_of.
-- Nothing that the user ever used is recommended; of data sources, what nobody of the account has looked at for 90 days. What is told of other
-- accounts rests on at least peer_group_min_accounts of them, in rounded figures.
{# At most so many of a kind for one user. -#}
{%- set most_of_a_kind = 3 %}
{# Who would take up an item with less than this chance is not bothered with it. -#}
{%- set lowest_chance = 0.05 %}
{# A data source nobody looks at, by whether similar accounts do: on the scale of chances, an opinion. -#}
{%- set score_of_source = 20 %}
with used as (
    select
        customer_id,
        nullif(user_id, '') as user_id,
        item_type,
        item
    from {{ ref('silver__portal_item_uses') }}
    where moment = 'today'
),

users as (
    select
        customer_id,
        nullif(user_id, '') as user_id
    from {{ ref('silver__portal_item_uses') }}
    where moment = 'today' and uses_90d > 0
    group by customer_id, nullif(user_id, '')
),

measured as (
    select
        candidates.*,
        {{ spoken_value('round(20 * both_share) / 20', "'ratio'") }} as both_text,
        {{ spoken_value('round(20 * usual_share) / 20', "'ratio'") }} as usual_text,
        {{ spoken_value('round(20 * expected_share) / 20', "'ratio'") }} as expected_text,
        cast(cast(5 * floor(other_accounts_with / 5.0) as bigint) as {{ dbt.type_string() }}) as accounts_text,
        case when item_type = 'feature' then title else 'the ' || item_type || ' "' || title || '"' end as named
    from {{ ref('silver__recommendation_candidates') }} as candidates
    where moment = 'today' and probability >= {{ lowest_chance }}
),

by_measure as (
    select
        customer_id,
        nullif(user_id, '') as user_id,
        kind,
        item_type,
        item,
        upper(substring(title, 1, 1)) || substring(title, 2) as title,
        case method
            when 'used_together'
                then 'You used ' || given_title || ' ' || cast(given_uses_90d as {{ dbt.type_string() }}) || ' times in 90 days; about ' || both_text
                    || ' of those who do so elsewhere also use ' || named || ', against ' || expected_text || ' of others.'
            when 'colleagues'
                then case
                    when colleagues = 1 then 'Your one colleague'
                    else cast(colleagues_with as {{ dbt.type_string() }}) || ' of your ' || cast(colleagues as {{ dbt.type_string() }}) || ' colleagues'
                end || ' in the portal used ' || named || ' in the last 90 days; you never did.'
            else
                'About ' || usual_text || ' of users elsewhere work with ' || named || ', in at least ' || accounts_text || ' other accounts; you never did.'
        end as reason,
        method,
        cast(null as {{ dbt.type_string() }}) as rule_id,
        100 * probability as score,
        case when adoption_rate is not null or usual_share is not null then probability end as confidence,
        cast(case when method = 'used_together' then given_uses_90d when method = 'colleagues' then colleagues_with end as bigint) as own_evidence,
        cast(case
            when method = 'used_together' then 5 * floor(accounts_both / 5.0)
            when method = 'popular' then 5 * floor(other_accounts_with / 5.0)
        end as bigint) as other_accounts_at_least,
        case when method = 'used_together' then given_item end as given_item,
        case when method = 'used_together' then lift end as lift
    from measured
),

matched as (
    select
        facts.*,
        rules.rule_id,
        rules.kind,
        rules.item_type,
        rules.item,
        rules.title,
        rules.sentence,
        rules.score,
        row_number() over (
            partition by facts.customer_id, facts.user_id, rules.rule_id
            order by
                case when rules.at_least is null then -facts.fact_value else facts.fact_value end desc nulls last,
                facts.evidence_rows desc nulls last,
                facts.about nulls last
        ) as place,
        case
            when facts.fact in ('kind_success_90d', 'stage_success_90d')
                then cast(cast(round(facts.fact_value * facts.evidence_rows) as bigint) as {{ dbt.type_string() }})
            when facts.fact like '%_share' then {{ spoken_value('facts.fact_value', "'ratio'") }}
            else {{ spoken_value('facts.fact_value', "'count'") }}
        end as value_text
    from {{ ref('fct_portal_usage_facts') }} as facts
    inner join {{ ref('recommendation_rules') }} as rules
        on
            facts.fact = rules.fact
            and (rules.subject is null or facts.about = rules.subject)
            and (rules.at_least is null or facts.fact_value >= rules.at_least)
            and (rules.at_most is null or facts.fact_value <= rules.at_most)
            and (rules.evidence_at_least is null or facts.evidence_rows >= rules.evidence_at_least)
),

by_rule as (
    select
        customer_id,
        user_id,
        kind,
        item_type,
        item,
        replace(title, '{subject}', about_title) as title,
        replace(
            replace(replace(sentence, '{subject}', about_title), '{value}', value_text), '{count}', cast(evidence_rows as {{ dbt.type_string() }})
        ) as reason,
        'rule' as method,
        rule_id,
        score,
        cast(null as double) as confidence,
        evidence_rows as own_evidence,
        cast(null as bigint) as other_accounts_at_least,
        cast(null as {{ dbt.type_string() }}) as given_item,
        cast(null as double) as lift
    from matched
    where place = 1
),

-- To each user the sources that most similar accounts use.
by_source as (
    select
        users.customer_id,
        users.user_id,
        'unexplored_source' as kind,
        'data_source' as item_type,
        sources.data_source as item,
        sources.data_source_title as title,
        sources.sentence as reason,
        case when sources.peer_share is not null then 'peers' else 'rule' end as method,
        cast(null as {{ dbt.type_string() }}) as rule_id,
        {{ score_of_source }} * (1 + coalesce(sources.peer_share, 0)) as score,
        cast(null as double) as confidence,
        cast(sources.uses as bigint) as own_evidence,
        sources.peers_using_at_least as other_accounts_at_least,
        cast(null as {{ dbt.type_string() }}) as given_item,
        cast(null as double) as lift
    from users
    inner join {{ ref('fct_unexplored_data_sources') }} as sources
        on users.customer_id = sources.customer_id
    where sources.source_rank <= {{ most_of_a_kind }} and sources.unexplored_since <> 'not in 30 days'
),

recommended as (
    select * from by_measure
    union all
    select * from by_rule
    union all
    select * from by_source
),

-- An item for which several reasons speak is recommended once, for the strongest.
single as (
    select
        recommended.*,
        row_number() over (
            partition by recommended.customer_id, recommended.user_id, recommended.item_type, recommended.item
            order by recommended.score desc nulls last, recommended.method nulls last, recommended.rule_id nulls last
        ) as place
    from recommended
    where not exists (
        select 1
        from used
        where
            used.customer_id = recommended.customer_id
            and (used.user_id = recommended.user_id or recommended.user_id is null)
            and used.item_type = recommended.item_type and used.item = recommended.item
    )
),

limited as (
    select
        *,
        row_number() over (
            partition by customer_id, user_id, kind order by score desc nulls last, item_type nulls last, item nulls last
        ) as place_of_kind
    from single
    where
        place = 1
        and customer_id in (select customers.customer_id from {{ ref('fct_peer_groups') }} as customers)
)

select
    md5(
        limited.customer_id || '|' || coalesce(limited.user_id, '') || '|' || limited.item_type || '|' || limited.item
    ) as recommendation_id,
    limited.customer_id,
    limited.user_id,
    limited.kind,
    limited.item_type,
    limited.item,
    limited.title,
    limited.reason,
    row_number() over (
        partition by limited.customer_id, limited.user_id
        order by limited.score desc nulls last, limited.kind nulls last, limited.item_type nulls last, limited.item nulls last
    ) as recommendation_rank,
    cast(round(limited.score, 1) as double) as score,
    cast(round(limited.confidence, 2) as double) as confidence,
    limited.method,
    limited.rule_id,
    limited.own_evidence,
    limited.other_accounts_at_least,
    limited.given_item,
    cast(round(limited.lift, 1) as double) as lift,
    build.as_of
from limited
cross join {{ ref('silver__as_of') }} as build
where limited.place_of_kind <= {{ most_of_a_kind }}
