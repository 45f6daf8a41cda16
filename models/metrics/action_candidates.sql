-- Grain: one row per paying account that has not given notice and action: whether it may be done, what it is expected to bring, how likely it is to be chosen.
-- Expected value = probability that it does what it is meant for x what that is worth - cost. Chosen is mostly the best, and a share of the time
-- any that chance may try, so that what is not the best today goes on being known; the probability of each is its propensity.
{%- set horizon = 90 %}
{%- set prior = 50 %}
with at_stake as (
    select
        predictions.customer_id,
        predictions.churn_probability,
        predictions.churn_risk_score,
        {{ margin_of_a_year('customers.monthly_recurring_revenue') }} as margin_of_a_year_usd
    from {{ ref('fct_churn_predictions') }} as predictions
    inner join {{ ref('entity_customers') }} as customers
        on predictions.customer_id = customers.customer_id
    where predictions.horizon_days = {{ horizon }}
),

-- Where no model is in use, what became of accounts in the band of the churn risk by rule stands for it.
bands as (
    select
        bands.band,
        bands.lower_bound,
        -- Few accounts in a band say little: it is drawn towards all of them as if {{ prior }} more had been seen.
        (backtest.accounts_decided + {{ prior }} * backtest.decided_rate_of_all) / nullif(backtest.observations + {{ prior }}, 0) as decided_rate,
        backtest.decided_rate_of_all
    from {{ ref('score_bands') }} as bands
    left join {{ ref('score_backtest') }} as backtest
        on bands.band = backtest.band and backtest.score = 'churn_risk' and backtest.horizon_days = {{ horizon }}
    where bands.score = 'churn_risk'
),

in_bands as (
    select
        at_stake.*,
        bands.decided_rate,
        max(bands.decided_rate_of_all) over () as decided_rate_of_all,
        row_number() over (partition by at_stake.customer_id order by bands.lower_bound desc nulls last) as place
    from at_stake
    left join bands
        on coalesce(at_stake.churn_risk_score, 0) >= bands.lower_bound
),

accounts as (
    select
        in_bands.customer_id,
        coalesce(in_bands.churn_probability, in_bands.decided_rate, in_bands.decided_rate_of_all, 0) as leaving_probability,
        case
            when in_bands.churn_probability is not null then 'model'
            when in_bands.decided_rate is not null then 'churn risk by rule'
            when in_bands.decided_rate_of_all is not null then 'share of all accounts'
            else 'not known'
        end as probability_from,
        coalesce(in_bands.margin_of_a_year_usd, 0) as margin_of_a_year_usd,
        {{ margin_of_a_year('coalesce(pipeline.typical_expansion_mrr, 0)') }} as margin_of_growth_usd
    from in_bands
    left join {{ ref('expansion_pipeline') }} as pipeline
        on in_bands.customer_id = pipeline.customer_id
    where in_bands.place = 1
),

situations as (
    select customer_id, signal as situation, points, sentence
    from {{ ref('fct_score_reasons') }}
    where score = 'churn_risk'
    union all
    select customer_id, 'expansion_signs', cast(expansion_signs as double), reasons
    from {{ ref('expansion_pipeline') }}
),

matched as (
    select
        situations.customer_id,
        rules.action,
        situations.situation,
        situations.sentence,
        row_number() over (
            partition by situations.customer_id, rules.action
            order by cast(situations.points as decimal(18, 6)) desc nulls last, situations.situation nulls last
        ) as place
    from situations
    inner join {{ ref('next_best_action_situations') }} as rules
        on situations.situation = rules.situation and situations.points >= rules.least_points
),

consents as (
    select distinct
        memberships.customer_id,
        consents.channel,
        consents.purpose
    from {{ ref('silver__consents') }} as consents
    inner join {{ ref('silver__golden_customer_accounts') }} as memberships
        on consents.golden_customer_id = memberships.golden_customer_id
    where consents.is_permitted
),

done as (
    select
        interventions.customer_id,
        interventions.intervention_type,
        count(*) as times,
        max(cast(interventions.started_at as date)) as last_on,
        sum(
            case
                when cast(interventions.started_at as date) > {{ dbt.dateadd('day', -1 * var('action_cap_days'), 'cast(build.as_of as date)') }} then 1
                else 0
            end
        ) as times_lately
    from {{ ref('silver__interventions') }} as interventions
    cross join {{ ref('silver__as_of') }} as build
    group by interventions.customer_id, interventions.intervention_type
),

lately as (
    select
        customer_id,
        cast(sum(times_lately) as bigint) as interventions_lately
    from done
    group by customer_id
),

considered as (
    select
        accounts.customer_id,
        actions.action,
        actions.aim,
        actions.words,
        actions.channel,
        actions.intervention_type,
        matched.situation,
        matched.sentence as because,
        accounts.leaving_probability,
        accounts.probability_from,
        accounts.margin_of_a_year_usd,
        accounts.margin_of_growth_usd,
        rates.success_rate,
        actions.cost_usd,
        actions.is_explored,
        coalesce(lately.interventions_lately, 0) as interventions_lately,
        done.last_on as last_done_on,
        case
            when actions.aim = 'none' then cast(null as {{ dbt.type_string() }})
            when matched.customer_id is null then 'no situation for it'
            when actions.consent_purpose is not null and consents.customer_id is null
                then 'nobody of the account has consented to ' || actions.consent_purpose || ' by ' || actions.channel
            when coalesce(lately.interventions_lately, 0) >= {{ var('action_cap') }}
                then
                    cast(lately.interventions_lately as {{ dbt.type_string() }})
                    || ' interventions in the last {{ var("action_cap_days") }} days, no more than {{ var("action_cap") }} may be'
            when {{ dbt.datediff('done.last_on', 'cast(build.as_of as date)', 'day') }} < actions.least_days_between
                then 'done on ' || cast(done.last_on as {{ dbt.type_string() }}) || ', not again within '
                    || cast(actions.least_days_between as {{ dbt.type_string() }}) || ' days'
        end as not_eligible_because
    from accounts
    cross join {{ ref('next_best_actions') }} as actions
    cross join {{ ref('silver__as_of') }} as build
    inner join {{ ref('action_success_rates') }} as rates
        on actions.action = rates.action
    left join matched
        on accounts.customer_id = matched.customer_id and actions.action = matched.action and matched.place = 1
    left join consents
        on
            accounts.customer_id = consents.customer_id
            and actions.channel = consents.channel
            and actions.consent_purpose = consents.purpose
    left join lately
        on accounts.customer_id = lately.customer_id
    left join done
        on accounts.customer_id = done.customer_id and actions.intervention_type = done.intervention_type
),

valued as (
    select
        considered.*,
        considered.not_eligible_because is null as is_eligible,
        case considered.aim
            when 'keep' then considered.leaving_probability * considered.success_rate * considered.margin_of_a_year_usd - considered.cost_usd
            when 'grow' then considered.success_rate * considered.margin_of_growth_usd - considered.cost_usd
            else 0
        end as expected_value_usd
    from considered
),

ranked as (
    select
        valued.*,
        case
            when valued.is_eligible
                then row_number() over (
                    partition by valued.customer_id, valued.is_eligible
                    order by cast(valued.expected_value_usd as decimal(18, 6)) desc nulls last, valued.action nulls last
                )
        end as value_rank
    from valued
),

choosable as (
    select
        ranked.*,
        ranked.is_eligible and (ranked.is_explored or ranked.value_rank = 1) as is_choosable,
        sum(case when ranked.is_eligible and (ranked.is_explored or ranked.value_rank = 1) then 1 else 0 end)
            over (partition by ranked.customer_id) as choosable_actions
    from ranked
)

select
    customer_id,
    action,
    aim,
    words,
    channel,
    intervention_type,
    situation,
    because,
    is_eligible,
    not_eligible_because,
    leaving_probability,
    probability_from,
    success_rate,
    margin_of_a_year_usd,
    margin_of_growth_usd,
    cost_usd,
    expected_value_usd,
    -- Margin of a year still to be expected if it is done: what the value of a way of choosing is measured in.
    (1 - leaving_probability) * margin_of_a_year_usd + expected_value_usd as expected_reward_usd,
    cast(value_rank as bigint) as value_rank,
    is_choosable,
    cast(choosable_actions as bigint) as choosable_actions,
    case
        when is_choosable
            then
                {{ var('action_exploration_share') }} * 1.0 / nullif(choosable_actions, 0)
                + case when value_rank = 1 then 1 - {{ var('action_exploration_share') }} * 1.0 else 0 end
        else 0
    end as propensity
from choosable
