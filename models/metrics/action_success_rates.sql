-- Grain: one row per action: how often it does what it is meant for, from what was done for accounts and comparable ones, drawn towards the prior.
-- Of what would have left within 90 days, the share that stayed more than of comparable accounts; each such departure counts as one piece of evidence
-- beside the prior's. What made somebody step in and is in no score is not allowed for.
with compared as (
    select
        intervention_type,
        count(*) as interventions,
        avg(comparable_retained_rate) as comparable_retained_rate,
        avg(retained_difference) as retained_difference
    from {{ ref('fct_intervention_outcomes') }}
    where horizon_days = 90 and retained_difference is not null
    group by intervention_type
),

evidence as (
    select
        actions.action,
        actions.prior_success_rate,
        actions.prior_weight,
        coalesce(compared.interventions, 0) as interventions,
        compared.interventions * (1 - compared.comparable_retained_rate) as departures_to_expect,
        compared.retained_difference / nullif(1 - compared.comparable_retained_rate, 0) as share_averted
    from {{ ref('next_best_actions') }} as actions
    left join compared
        on actions.intervention_type = compared.intervention_type and actions.aim = 'keep'
)

select
    action,
    prior_success_rate,
    prior_weight,
    cast(interventions as bigint) as interventions,
    coalesce(departures_to_expect, 0) as departures_to_expect,
    share_averted as observed_success_rate,
    coalesce(
        (prior_weight * prior_success_rate + departures_to_expect * least(greatest(share_averted, 0), 1))
        / nullif(prior_weight + departures_to_expect, 0),
        prior_success_rate
    ) as success_rate
from evidence
