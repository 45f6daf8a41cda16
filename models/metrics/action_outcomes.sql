-- Grain: one row per account and week whose decision lies 90 days back: what was chosen, whether it was done, and what came of it.
-- The reward is the margin of a year of the revenue 90 days later, less the cost of what was done: nothing is left of who has gone.
with chosen as (
    select
        decisions.*,
        cast({{ dbt.dateadd('day', 90, 'decisions.decided_on') }} as date) as judged_on
    from {{ ref('action_decisions') }} as decisions
    cross join {{ ref('silver__as_of') }} as build
    where
        decisions.is_chosen
        and {{ dbt.dateadd('day', 90, 'decisions.decided_on') }} <= cast(build.as_of as date)
),

-- By the terms and not by the daily picture, which keeps `history_days` only.
paid as (
    select
        chosen.customer_id,
        chosen.decision_week,
        sum(terms.mrr) as mrr
    from chosen
    inner join {{ ref('silver__subscription_terms') }} as terms
        on
            chosen.customer_id = terms.customer_id
            and cast(terms.valid_from as date) <= chosen.judged_on
            and (terms.valid_to is null or cast(terms.valid_to as date) > chosen.judged_on)
    group by chosen.customer_id, chosen.decision_week
),

done as (
    select
        chosen.customer_id,
        chosen.decision_week,
        count(*) as times
    from chosen
    inner join {{ ref('silver__interventions') }} as interventions
        on
            chosen.customer_id = interventions.customer_id
            and chosen.intervention_type = interventions.intervention_type
            and cast(interventions.started_at as date) between chosen.decided_on and {{ dbt.dateadd('day', 14, 'chosen.decided_on') }}
    group by chosen.customer_id, chosen.decision_week
)

select
    chosen.customer_id,
    chosen.decision_week,
    chosen.decided_on,
    chosen.judged_on,
    chosen.action,
    chosen.propensity,
    coalesce(done.times, 0) > 0 as is_done,
    coalesce(paid.mrr, 0) > 0 as is_retained,
    cast(
        {{ margin_of_a_year('coalesce(paid.mrr, 0)') }} - case when done.times > 0 then chosen.cost_usd else 0 end as double
    ) as reward_usd
from chosen
left join done
    on chosen.customer_id = done.customer_id and chosen.decision_week = done.decision_week
left join paid
    on chosen.customer_id = paid.customer_id and chosen.decision_week = paid.decision_week
