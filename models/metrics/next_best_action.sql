-- Grain: one row per paying account that has not given notice: what to do for it in the week of as_of, why, and what it is expected to bring.
-- Everything that an API has to say of an account stands in its row. What was chosen at the beginning of the week stands as long as it may be done: a consent
-- that is taken back, or an intervention in the meantime, takes it back as well.
with logged as (
    select decisions.*
    from {{ ref('action_decisions') }} as decisions
    cross join {{ ref('silver__as_of') }} as build
    where
        decisions.is_chosen
        and decisions.decision_week = cast(date_trunc('week', cast(build.as_of as date)) as date)
        and decisions.decided_on <= cast(build.as_of as date)
),

-- Where the log has nothing for the week up to as_of (as_of was moved back), the best stands, and is not of the log.
standing as (
    select
        candidates.*,
        logged.decided_on,
        logged.propensity as logged_propensity,
        logged.action as chosen_action,
        row_number() over (
            partition by candidates.customer_id
            order by
                case when candidates.action = logged.action and candidates.is_eligible then 1 when candidates.action = 'no_action' then 2 else 3 end nulls last,
                candidates.value_rank nulls last
        ) as place_with_log,
        max(case when candidates.action = logged.action then candidates.not_eligible_because end) over (
            partition by candidates.customer_id
        ) as taken_back_because
    from {{ ref('action_candidates') }} as candidates
    left join logged
        on candidates.customer_id = logged.customer_id
),

chosen as (
    select *
    from standing
    where (decided_on is not null and place_with_log = 1) or (decided_on is null and value_rank = 1)
),

second as (
    select
        chosen.customer_id,
        others.action,
        others.expected_value_usd,
        row_number() over (partition by chosen.customer_id order by others.value_rank nulls last) as place
    from chosen
    inner join {{ ref('action_candidates') }} as others
        on chosen.customer_id = others.customer_id and chosen.action != others.action
    where others.is_eligible
)

select
    chosen.customer_id,
    customers.customer_name,
    customers.customer_tier,
    customers.csm_owner,
    chosen.decided_on,
    chosen.action,
    chosen.words,
    chosen.channel,
    case
        when chosen.action != chosen.chosen_action
            then chosen.chosen_action || ' was chosen on ' || cast(chosen.decided_on as {{ dbt.type_string() }}) || ': ' || chosen.taken_back_because
        else chosen.because
    end as because,
    chosen.leaving_probability,
    chosen.probability_from,
    chosen.success_rate,
    chosen.cost_usd,
    cast(chosen.expected_value_usd as decimal(18, 2)) as expected_value_usd,
    case when chosen.action = chosen.chosen_action then chosen.logged_propensity end as propensity,
    coalesce(chosen.action = chosen.chosen_action and chosen.value_rank > 1, false) as is_exploration,
    second.action as second_action,
    cast(second.expected_value_usd as decimal(18, 2)) as second_expected_value_usd,
    chosen.choosable_actions,
    row_number() over (
        partition by customers.csm_owner
        order by cast(chosen.expected_value_usd as decimal(18, 6)) desc nulls last, chosen.customer_id nulls last
    ) as place_with_owner
from chosen
inner join {{ ref('entity_customers') }} as customers
    on chosen.customer_id = customers.customer_id
left join second
    on chosen.customer_id = second.customer_id and second.place = 1
