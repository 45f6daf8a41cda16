-- Grain: one row per path and conversion name: a row of channels in order, how often it ended in a conversion, what that was worth, and how
-- often it came to nothing. Read by the step that learns attribution from data.
-- A path that came to nothing: touchpoints of one person with no longer pause than the lookback between them and no conversion of that
-- name within the lookback after any of them.
with converted as (
    select
        conversion_name,
        conversion_id,
        value_usd,
        {{ joined_text('channel_group', ' > ', 'position') }} as path
    from {{ ref('silver__touchpoints_attributed') }}
    where touchpoint_id is not null
    group by conversion_name, conversion_id, value_usd
),

names as (
    select distinct conversion_name from {{ ref('conversion_events') }}
),

leading_nowhere as (
    select
        names.conversion_name,
        touchpoints.person_key,
        touchpoints.touchpoint_id,
        touchpoints.occurred_at,
        touchpoints.channel_group,
        lag(touchpoints.occurred_at) over (
            partition by names.conversion_name, touchpoints.person_key
            order by touchpoints.occurred_at, touchpoints.touchpoint_id
        ) as previous_at
    from {{ ref('silver__touchpoints') }} as touchpoints
    cross join names
    left join {{ ref('silver__touchpoints_attributed') }} as attributed
        on touchpoints.touchpoint_id = attributed.touchpoint_id and names.conversion_name = attributed.conversion_name
    where attributed.touchpoint_id is null
),

begun as (
    select
        *,
        sum(
            case
                when previous_at >= {{ dbt.dateadd('day', -1 * var('attribution_lookback_days'), 'occurred_at') }} then 0
                else 1
            end
        ) over (
            partition by conversion_name, person_key
            order by occurred_at, touchpoint_id
            rows between unbounded preceding and current row
        ) as path_number
    from leading_nowhere
),

placed as (
    select
        *,
        row_number() over (partition by conversion_name, person_key, path_number order by occurred_at, touchpoint_id) as position
    from begun
),

nowhere as (
    select
        conversion_name,
        person_key,
        path_number,
        {{ joined_text('channel_group', ' > ', 'position') }} as path
    from placed
    group by conversion_name, person_key, path_number
),

paths as (
    select conversion_name, path, 1 as conversions, value_usd, 0 as came_to_nothing from converted
    union all
    select conversion_name, path, 0, 0, 1 from nowhere
)

select
    conversion_name,
    path,
    cast(sum(conversions) as bigint) as conversions,
    cast(sum(value_usd) as decimal(18, 4)) as value_usd,
    cast(sum(came_to_nothing) as bigint) as came_to_nothing
from paths
group by conversion_name, path
