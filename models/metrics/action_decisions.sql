-- Grain: one row per account, week (its Monday) and action that could have been chosen in it, with its propensity, and whether it was.
-- A log: what was said to an account in a week stands, also in a full refresh, so that ways of choosing can be compared by what came of it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns'
) }}
with considered as (
    select
        candidates.*,
        cast(date_trunc('week', cast(build.as_of as date)) as date) as decision_week,
        cast(build.as_of as date) as decided_on,
        {{ share_of_hash("candidates.customer_id || '|' || cast(cast(date_trunc('week', cast(build.as_of as date)) as date) as " ~ dbt.type_string() ~ ")") }}
            as draw
    from {{ ref('action_candidates') }} as candidates
    cross join {{ ref('silver__as_of') }} as build
    where candidates.is_choosable
),

{% if is_incremental() -%}
decided as (
    select distinct
        customer_id,
        decision_week
    from {{ this }}
),

{% endif -%}
undecided as (
    select
        considered.*,
        coalesce(
            sum(considered.propensity) over (
                partition by considered.customer_id order by considered.action nulls last rows between unbounded preceding and 1 preceding
            ),
            0
        ) as propensity_before,
        row_number() over (partition by considered.customer_id order by considered.action desc nulls last) = 1 as is_last
    from considered
    {%- if is_incremental() %}
    left join decided
        on considered.customer_id = decided.customer_id and considered.decision_week = decided.decision_week
    where decided.customer_id is null
    {%- endif %}
)

select
    customer_id,
    decision_week,
    decided_on,
    action,
    aim,
    intervention_type,
    because,
    propensity,
    expected_value_usd,
    expected_reward_usd,
    cost_usd,
    leaving_probability,
    success_rate,
    value_rank,
    choosable_actions,
    draw,
    -- What rounding leaves over at the end falls to the last one.
    draw >= propensity_before and (draw < propensity_before + propensity or is_last) as is_chosen
from undecided
