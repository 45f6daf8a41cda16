-- Grain: one row per way of choosing and estimator: what it would have brought a decision, by the log of what was really chosen.
-- Inverse propensity scoring, the same with weights that add up to one, and doubly robust with what was expected of each action at the time (Dudik, Langford
-- and Li 2011), each with its interval of 95 % over accounts; `intelligence.actions.policy_value` does it for policies of your own.
with judged as (
    select
        decisions.customer_id,
        decisions.decision_week,
        decisions.action,
        decisions.propensity,
        decisions.expected_reward_usd,
        decisions.is_chosen,
        outcomes.reward_usd,
        case when decisions.value_rank = 1 then 1.0 else 0.0 end as best,
        1.0 / nullif(decisions.choosable_actions, 0) as random,
        case when decisions.action = 'no_action' then 1.0 else 0.0 end as nothing
    from {{ ref('action_decisions') }} as decisions
    inner join {{ ref('action_outcomes') }} as outcomes
        on decisions.customer_id = outcomes.customer_id and decisions.decision_week = outcomes.decision_week
),

policies as (
    select 'as logged' as policy, propensity as policy_share, judged.* from judged
    union all
    select 'best expected value', best, judged.* from judged
    union all
    select 'any by chance', random, judged.* from judged
    union all
    select 'no action', nothing, judged.* from judged
),

decisions as (
    select
        policy,
        customer_id,
        decision_week,
        max(reward_usd) as reward,
        sum(policy_share * expected_reward_usd) as expected,
        sum(case when is_chosen then policy_share / nullif(propensity, 0) else 0 end) as weight,
        sum(case when is_chosen then expected_reward_usd else 0 end) as expected_of_chosen,
        sum(case when propensity > 0 then 0 else policy_share end) as unseen
    from policies
    group by policy, customer_id, decision_week
),

totals as (
    select
        policy,
        sum(weight * reward) / nullif(sum(weight), 0) as weighted,
        avg(weight) as mean_weight
    from decisions
    group by policy
),

estimators as (
    select 'ips' as estimator
    union all
    select 'snips'
    union all
    select 'doubly robust'
),

terms as (
    select
        decisions.policy,
        decisions.customer_id,
        decisions.decision_week,
        decisions.weight,
        decisions.unseen,
        estimators.estimator,
        case estimators.estimator
            when 'ips' then decisions.weight * decisions.reward
            when 'snips' then totals.weighted + decisions.weight * (decisions.reward - totals.weighted) / nullif(totals.mean_weight, 0)
            else decisions.expected + decisions.weight * (decisions.reward - decisions.expected_of_chosen)
        end as term
    from decisions
    inner join totals
        on decisions.policy = totals.policy
    cross join estimators
),

-- Decision by decision: what sets accounts apart falls out, and only what the ways of choosing do differently is left.
beside_chance as (
    select
        terms.*,
        terms.term - sum(case when terms.policy = 'any by chance' then terms.term end) over (
            partition by terms.customer_id, terms.decision_week, terms.estimator
        ) as over_chance
    from terms
),

means as (
    select
        policy,
        estimator,
        avg(term) as mean_term,
        avg(over_chance) as mean_over_chance
    from beside_chance
    group by policy, estimator
),

-- What came of an account in one week and in the next is nearly the same: its decisions count as one piece of evidence (Liang and Zeger 1986).
of_accounts as (
    select
        beside_chance.policy,
        beside_chance.estimator,
        beside_chance.customer_id,
        count(*) as decisions,
        sum(beside_chance.term) as terms,
        sum(beside_chance.over_chance) as terms_over_chance,
        sum(beside_chance.term - means.mean_term) as apart,
        sum(beside_chance.over_chance - means.mean_over_chance) as over_chance_apart,
        sum(beside_chance.weight) as weight,
        sum(beside_chance.unseen) as unseen
    from beside_chance
    inner join means
        on beside_chance.policy = means.policy and beside_chance.estimator = means.estimator
    group by beside_chance.policy, beside_chance.estimator, beside_chance.customer_id
),

summed as (
    select
        policy,
        estimator,
        cast(sum(decisions) as bigint) as decisions,
        count(*) as accounts,
        sum(terms) / nullif(sum(decisions), 0) as value_usd,
        sum(terms_over_chance) / nullif(sum(decisions), 0) as over_chance_usd,
        sqrt(sum(apart * apart) * count(*) / nullif(count(*) - 1, 0)) / nullif(sum(decisions), 0) as value_error,
        sqrt(sum(over_chance_apart * over_chance_apart) * count(*) / nullif(count(*) - 1, 0)) / nullif(sum(decisions), 0) as over_chance_error,
        sum(weight) * sum(weight) / nullif(sum(weight * weight), 0) as effective_accounts,
        sum(unseen) / nullif(sum(decisions), 0) as unseen_share
    from of_accounts
    group by policy, estimator
)

select
    policy,
    estimator,
    decisions,
    accounts,
    value_usd,
    value_usd - 1.96 * value_error as value_low_usd,
    value_usd + 1.96 * value_error as value_high_usd,
    over_chance_usd,
    over_chance_usd - 1.96 * over_chance_error as over_chance_low_usd,
    over_chance_usd + 1.96 * over_chance_error as over_chance_high_usd,
    effective_accounts,
    unseen_share
from summed
