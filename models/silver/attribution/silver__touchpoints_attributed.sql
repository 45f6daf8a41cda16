-- Grain: one row per conversion and touchpoint of the same person in the attribution_lookback_days before it (both ends included), with its
-- share of the credit by each rule. A conversion that nothing came before has one row without a touchpoint, which has all of it.
with paired as (
    select
        conversions.conversion_id,
        conversions.conversion_name,
        conversions.person_key,
        conversions.golden_customer_id,
        conversions.customer_id,
        conversions.occurred_at as converted_at,
        conversions.value_usd,
        touchpoints.touchpoint_id,
        touchpoints.touchpoint_type,
        touchpoints.occurred_at as touched_at,
        coalesce(touchpoints.channel_group, 'Unknown') as channel_group,
        touchpoints.campaign,
        touchpoints.cost_usd,
        cast({{ seconds_between('touchpoints.occurred_at', 'conversions.occurred_at') }} as double) / 86400 as days_before
    from {{ ref('silver__conversions') }} as conversions
    left join {{ ref('silver__touchpoints') }} as touchpoints
        on
            conversions.person_key = touchpoints.person_key
            and touchpoints.occurred_at <= conversions.occurred_at
            and touchpoints.occurred_at >= {{ dbt.dateadd('day', -1 * var('attribution_lookback_days'), 'conversions.occurred_at') }}
),

placed as (
    select
        *,
        row_number() over (partition by conversion_id order by touched_at, touchpoint_id) as position,
        cast(count(*) over (partition by conversion_id) as bigint) as touchpoints,
        -- Compared with the last touch, so that no weight is too small for a number.
        power(
            cast(0.5 as double),
            (days_before - min(days_before) over (partition by conversion_id)) / {{ var('attribution_half_life_days') }}
        ) as decay
    from paired
),

ranked as (
    select
        *,
        -- Decimals add up to the same sum in any order; floating-point numbers do not.
        cast(sum(cast(decay as decimal(28, 18))) over (partition by conversion_id) as double) as decay_of_all,
        max(case when channel_group != 'Direct' then position end) over (partition by conversion_id) as last_non_direct_position
    from placed
)

select
    conversion_id,
    conversion_name,
    person_key,
    golden_customer_id,
    customer_id,
    converted_at,
    value_usd,
    touchpoint_id,
    touchpoint_type,
    touched_at,
    channel_group,
    campaign,
    cost_usd,
    days_before,
    cast(position as bigint) as position,
    touchpoints,
    cast(case when position = 1 then 1 else 0 end as double) as first_touch_credit,
    cast(case when position = touchpoints then 1 else 0 end as double) as last_touch_credit,
    cast(case when position = coalesce(last_non_direct_position, touchpoints) then 1 else 0 end as double) as last_non_direct_credit,
    cast(1 as double) / touchpoints as linear_credit,
    coalesce(decay / decay_of_all, 1) as time_decay_credit,
    -- 40 % to the first, 40 % to the last, 20 % to those between; two share evenly, one has all.
    cast(
        case
            when touchpoints = 1 then 1
            when touchpoints = 2 then 0.5
            when position in (1, touchpoints) then 0.4
            else cast(0.2 as double) / (touchpoints - 2)
        end as double
    ) as position_based_credit
from ranked
