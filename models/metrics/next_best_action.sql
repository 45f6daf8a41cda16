-- Grain: one row per paying account that has not given notice: what to do for it in the week of as_of, why, and what it is expected to bring.
-- Everything that an API has to say of an account stands in its row.
with this_week as (
    select decisions.*
    from {{ ref('action_decisions') }} as decisions
    cross join {{ ref('silver__as_of') }} as build
    where
        decisions.decision_week = cast(date_trunc('week', cast(build.as_of as date)) as date)
        and decisions.decided_on <= cast(build.as_of as date)
),

second as (
    select
        chosen.customer_id,
        others.action,
        others.expected_value_usd,
        row_number() over (partition by chosen.customer_id order by others.value_rank nulls last) as place
    from this_week as chosen
    inner join this_week as others
        on chosen.customer_id = others.customer_id and chosen.action != others.action
    where chosen.is_chosen
)

select
    chosen.customer_id,
    customers.customer_name,
    customers.customer_tier,
    customers.csm_owner,
    chosen.decided_on,
    chosen.action,
    actions.words,
    actions.channel,
    chosen.because,
    chosen.leaving_probability,
    chosen.success_rate,
    chosen.cost_usd,
    cast(chosen.expected_value_usd as decimal(18, 2)) as expected_value_usd,
    chosen.propensity,
    chosen.value_rank > 1 as is_exploration,
    second.action as second_action,
    cast(second.expected_value_usd as decimal(18, 2)) as second_expected_value_usd,
    chosen.choosable_actions,
    row_number() over (
        partition by customers.csm_owner
        order by cast(chosen.expected_value_usd as decimal(18, 6)) desc nulls last, chosen.customer_id nulls last
    ) as place_with_owner
from this_week as chosen
inner join {{ ref('entity_customers') }} as customers
    on chosen.customer_id = customers.customer_id
inner join {{ ref('next_best_actions') }} as actions
    on chosen.action = actions.action
left join second
    on chosen.customer_id = second.customer_id and second.place = 1
where chosen.is_chosen
