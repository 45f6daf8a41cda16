-- Grain: one row per person and snapshot day, from the day they were first known: how they stood at the end of that day. Test persons and
-- our own staff are left out. The day of as_of ends at as_of. Which days there are: variables snapshot_days and snapshot_frequency.
with calendar as (
    select
        days.date_day,
        cast({{ dbt.dateadd('day', 1, 'days.date_day') }} as timestamp) as ends_at,
        least(cast({{ dbt.dateadd('day', 1, 'days.date_day') }} as timestamp), days.as_of) as seen_at,
        days.last_day
    from (
        select
            as_of,
            {{ each_day(dbt.dateadd('day', 1 - var('snapshot_days'), 'cast(as_of as date)'), 'cast(as_of as date)') }} as date_day,
            cast(as_of as date) as last_day
        from {{ ref('silver__as_of') }}
    ) as days
),

snapshots as (
    select
        date_day,
        ends_at,
        seen_at,
        lag(date_day) over (order by date_day) as previous_day
    from calendar
    {% if var('snapshot_frequency') == 'weekly' %}
    where date_day = last_day or cast({{ dbt.dateadd('day', 6, "cast(date_trunc('week', date_day) as date)") }} as date) = date_day
    {% elif var('snapshot_frequency') == 'month_end' %}
    where date_day = last_day or cast(date_trunc('month', ends_at) as date) = cast(ends_at as date)
    {% endif %}
),

-- The stage of each day is also what says that somebody was known: its history has no gaps.
spine as (
    select
        history.golden_customer_id,
        snapshots.date_day,
        snapshots.ends_at,
        snapshots.seen_at,
        history.lifecycle_stage,
        history.valid_from as lifecycle_stage_since
    from snapshots
    inner join {{ ref('silver__lifecycle_history') }} as history
        on history.valid_from < snapshots.ends_at and (history.valid_to is null or history.valid_to >= snapshots.ends_at)
    inner join {{ ref('silver__golden_customers') }} as golden
        on history.golden_customer_id = golden.golden_customer_id
    where not coalesce(golden.is_test, false) and not coalesce(golden.is_internal, false)
),

days_of_interactions as (
    select
        golden_customer_id,
        cast(occurred_at as date) as date_day,
        count(*) as interactions,
        sum(case when is_sign_of_life then 1 else 0 end) as signs_of_life
    from {{ ref('silver__interactions') }}
    where golden_customer_id is not null
    group by golden_customer_id, cast(occurred_at as date)
),

-- Contacts since the snapshot before.
interactions as (
    select
        days_of_interactions.golden_customer_id,
        snapshots.date_day,
        sum(days_of_interactions.interactions) as interactions,
        sum(days_of_interactions.signs_of_life) as signs_of_life
    from days_of_interactions
    inner join snapshots
        on
            days_of_interactions.date_day <= snapshots.date_day
            and days_of_interactions.date_day > coalesce(snapshots.previous_day, {{ dbt.dateadd('day', -1, 'snapshots.date_day') }})
    group by days_of_interactions.golden_customer_id, snapshots.date_day
),

-- Products and complaints as stretches of time with a number that holds, so that each snapshot day finds one row.
turns as (
    select golden_customer_id, opened_at as happened_at, 1 as product_step, 0 as complaint_step
    from {{ ref('silver__product_holdings') }}
    where golden_customer_id is not null
    union all
    select golden_customer_id, closed_at, -1, 0
    from {{ ref('silver__product_holdings') }}
    where golden_customer_id is not null and closed_at is not null
    union all
    select golden_customer_id, opened_at, 0, 1
    from {{ ref('silver__complaints') }}
    where golden_customer_id is not null and feedback_type = 'complaint'
    union all
    select golden_customer_id, greatest(resolved_at, opened_at), 0, -1
    from {{ ref('silver__complaints') }}
    where golden_customer_id is not null and feedback_type = 'complaint' and resolved_at is not null
),

levels as (
    select
        golden_customer_id,
        happened_at as valid_from,
        lead(happened_at) over (partition by golden_customer_id order by happened_at nulls last) as valid_to,
        sum(product_step) over so_far as open_products,
        sum(complaint_step) over so_far as open_complaints
    from (
        select
            golden_customer_id,
            happened_at,
            sum(product_step) as product_step,
            sum(complaint_step) as complaint_step
        from turns
        group by golden_customer_id, happened_at
    ) as moments
    window so_far as (
        partition by golden_customer_id order by happened_at nulls last rows between unbounded preceding and current row
    )
),

segments as (
    select
        history.golden_customer_id,
        snapshots.date_day,
        max(history.segment_name) filter (where history.segment_scheme = 'rfm') as rfm_segment,
        max(history.segment_name) filter (where history.segment_scheme = 'value_tier') as value_tier,
        max(history.segment_name) filter (where history.segment_scheme = 'engagement_level') as engagement_level,
        max(history.segment_name) filter (where history.segment_scheme = 'product_breadth') as product_breadth
    from snapshots
    inner join {{ ref('silver__segment_history') }} as history
        on history.valid_from < snapshots.ends_at and (history.valid_to is null or history.valid_to >= snapshots.ends_at)
    where history.origin = 'computed'
    group by history.golden_customer_id, snapshots.date_day
)

select
    spine.golden_customer_id,
    spine.date_day,
    spine.lifecycle_stage,
    cast({{ seconds_between('spine.lifecycle_stage_since', 'spine.seen_at') }} / 86400 as decimal(18, 6)) as days_in_stage,
    segments.rfm_segment,
    segments.value_tier,
    segments.engagement_level,
    segments.product_breadth,
    cast(coalesce(levels.open_products, 0) as bigint) as open_products,
    cast(coalesce(levels.open_complaints, 0) as bigint) as open_complaints,
    cast(coalesce(interactions.interactions, 0) as bigint) as interactions,
    cast(coalesce(interactions.signs_of_life, 0) as bigint) as signs_of_life
from spine
left join segments
    on spine.golden_customer_id = segments.golden_customer_id and spine.date_day = segments.date_day
left join levels
    on
        spine.golden_customer_id = levels.golden_customer_id
        and levels.valid_from < spine.ends_at
        and (levels.valid_to is null or levels.valid_to >= spine.ends_at)
left join interactions
    on spine.golden_customer_id = interactions.golden_customer_id and spine.date_day = interactions.date_day
