-- Grain: one row per person and moment from which something recorded, or their products, lays the ground of their lifecycle stage.
-- A recorded event holds for the days its rule says (for ever without a number): products change nothing meanwhile. At one moment the rule
-- with the smallest priority wins. Every row rests on rows that lie before its moment, so a build for an earlier as_of has the same ones.
with events as (
    select
        events.*,
        events.source_system || '|' || events.lifecycle_event_id as event_key
    from {{ ref('bronze__lifecycle_events') }} as events
    cross join {{ ref('silver__as_of') }} as build
    where events.occurred_at <= build.as_of
),

events_of_people as (
    select
        identity_map.golden_customer_id,
        lower(events.event_type) as event_type,
        events.occurred_at,
        'lifecycle event ' || events.event_key as source_row
    from events
    inner join {{ ref('silver__identity_map') }} as identity_map
        on events.origin_system = identity_map.source_system and events.source_record_id = identity_map.source_record_id
),

-- The beginning of all that is known of somebody. 1900-01-01 is what records without any date carry.
first_seen as (
    select
        seen.golden_customer_id,
        min(seen.happened_at) as first_seen_at
    from (
        select golden_customer_id, first_seen_at as happened_at
        from {{ ref('silver__golden_customers') }}
        where first_seen_at > timestamp '1900-01-01 00:00:00'
        union all
        select golden_customer_id, happened_at
        from {{ ref('silver__signs_of_life') }}
        union all
        select golden_customer_id, occurred_at
        from events_of_people
    ) as seen
    cross join {{ ref('silver__as_of') }} as build
    where seen.happened_at <= build.as_of
    group by seen.golden_customer_id
),

people as (
    select
        golden.golden_customer_id,
        coalesce(first_seen.first_seen_at, timestamp '1900-01-01 00:00:00') as first_seen_at
    from {{ ref('silver__golden_customers') }} as golden
    left join first_seen
        on golden.golden_customer_id = first_seen.golden_customer_id
),

-- What is recorded of an account and of no person holds for all of its people; what came before somebody was known, from then on.
events_of_accounts as (
    select
        people.golden_customer_id,
        lower(events.event_type) as event_type,
        greatest(events.occurred_at, people.first_seen_at) as occurred_at,
        'lifecycle event ' || events.event_key as source_row,
        row_number() over (
            partition by people.golden_customer_id, greatest(events.occurred_at, people.first_seen_at)
            order by events.occurred_at desc, events.event_key desc nulls last
        ) as latest_rank
    from events
    inner join {{ ref('silver__account_map') }} as account_map
        on events.source_system = account_map.source_system and events.customer_id = account_map.source_customer_id
    inner join {{ ref('silver__golden_customer_accounts') }} as accounts
        on account_map.customer_id = accounts.customer_id
    inner join people
        on accounts.golden_customer_id = people.golden_customer_id
    where events.source_record_id is null
),

recorded as (
    select golden_customer_id, event_type, occurred_at, source_row
    from events_of_people
    union all
    select golden_customer_id, event_type, occurred_at, source_row
    from events_of_accounts
    where latest_rank = 1
),

-- Stretches in which somebody held any product: a holding begins a new one if none before it was still open.
holdings as (
    select
        golden_customer_id,
        opened_at,
        closed_at,
        source_system || '|' || ownership_id as holding_key,
        max(coalesce(closed_at, timestamp '9999-12-31 00:00:00')) over (
            partition by golden_customer_id order by opened_at nulls last, source_system, ownership_id nulls last
            rows between unbounded preceding and 1 preceding
        ) as held_until
    from {{ ref('silver__product_holdings') }}
    where golden_customer_id is not null
),

numbered_holdings as (
    select
        *,
        sum(case when held_until is null or held_until < opened_at then 1 else 0 end) over (
            partition by golden_customer_id order by opened_at nulls last, holding_key nulls last
            rows between unbounded preceding and current row
        ) as stretch_number
    from holdings
),

-- The rows a stretch begins and ends with: named by what was known at that moment, not by what came later.
ranked_holdings as (
    select
        golden_customer_id,
        stretch_number,
        opened_at,
        coalesce(closed_at, timestamp '9999-12-31 00:00:00') as ends_at,
        holding_key,
        row_number() over (
            partition by golden_customer_id, stretch_number order by opened_at nulls last, holding_key nulls last
        ) as first_rank,
        row_number() over (
            partition by golden_customer_id, stretch_number
            order by coalesce(closed_at, timestamp '9999-12-31 00:00:00') desc nulls last, holding_key nulls last
        ) as last_rank
    from numbered_holdings
),

holding_stretches as (
    select
        golden_customer_id,
        stretch_number,
        min(opened_at) as begins_at,
        max(ends_at) as ends_at,
        max(case when first_rank = 1 then holding_key end) as first_holding_key,
        max(case when last_rank = 1 then holding_key end) as last_holding_key
    from ranked_holdings
    group by golden_customer_id, stretch_number
),

followed_stretches as (
    select
        *,
        lag(ends_at) over (partition by golden_customer_id order by stretch_number nulls last) as previous_ends_at,
        lead(begins_at) over (partition by golden_customer_id order by stretch_number nulls last) as next_begins_at
    from holding_stretches
),

-- Who is recorded as having left comes back with the next product, even if an old one was never closed.
openings_after_leaving as (
    select
        golden_customer_id,
        happened_at,
        opened_key,
        max(leaving_place) over so_far as leaving_place,
        max(staying_place) over so_far as staying_place
    from (
        select
            recorded.golden_customer_id,
            recorded.occurred_at as happened_at,
            cast(null as {{ dbt.type_string() }}) as opened_key,
            case when not stages.is_customer and not stages.follows_activity and not stages.is_terminal then recorded.occurred_at end as leaving_place,
            case when stages.is_customer or stages.follows_activity or stages.is_terminal then recorded.occurred_at end as staying_place
        from recorded
        inner join {{ ref('lifecycle_rules') }} as rules
            on recorded.event_type = rules.trigger and rules.rule_kind = 'recorded'
        inner join {{ ref('lifecycle_stages') }} as stages
            on rules.to_stage = stages.lifecycle_stage
        union all
        select
            golden_customer_id,
            opened_at,
            source_system || '|' || ownership_id,
            cast(null as timestamp),
            cast(null as timestamp)
        from {{ ref('silver__product_holdings') }}
        where golden_customer_id is not null
    ) as turns
    window so_far as (partition by golden_customer_id order by happened_at nulls last range between unbounded preceding and current row)
),

product_moments as (
    select
        golden_customer_id,
        'product_begins' as trigger_name,
        begins_at as happened_at,
        cast(null as timestamp) as next_begins_at,
        first_holding_key as holding_key
    from followed_stretches
    where previous_ends_at is null
    union all
    select
        followed_stretches.golden_customer_id,
        'product_begins_again',
        followed_stretches.begins_at,
        cast(null as timestamp),
        followed_stretches.first_holding_key
    from followed_stretches
    inner join {{ ref('lifecycle_rules') }} as ends
        on
            ends.trigger = 'products_end'
            and followed_stretches.begins_at > {{ dbt.dateadd('day', 'ends.days', 'followed_stretches.previous_ends_at') }}
    union all
    select
        golden_customer_id,
        'product_begins_again',
        happened_at,
        cast(null as timestamp),
        opened_key
    from openings_after_leaving
    where
        opened_key is not null
        and leaving_place < happened_at
        and (staying_place is null or staying_place < leaving_place)
    union all
    select
        golden_customer_id,
        'products_end',
        ends_at,
        next_begins_at,
        last_holding_key
    from followed_stretches
    where ends_at < timestamp '9999-12-31 00:00:00'
),

-- Who is a customer already does not turn into a prospect by registering somewhere else.
first_customer as (
    select
        golden_customer_id,
        min(happened_at) as customer_at
    from (
        select
            recorded.golden_customer_id,
            recorded.occurred_at as happened_at
        from recorded
        inner join {{ ref('lifecycle_rules') }} as rules
            on recorded.event_type = rules.trigger and rules.rule_kind = 'recorded'
        inner join {{ ref('lifecycle_stages') }} as stages
            on rules.to_stage = stages.lifecycle_stage
        where stages.is_customer
        union all
        select
            golden_customer_id,
            opened_at
        from {{ ref('silver__product_holdings') }}
        where golden_customer_id is not null
    ) as begun
    group by golden_customer_id
),

ground_candidates as (
    select
        people.golden_customer_id,
        people.first_seen_at as happened_at,
        rules.lifecycle_rule,
        rules.rule_kind,
        rules.to_stage,
        rules.priority,
        timestamp '1900-01-01 00:00:00' as holds_until,
        'first seen' as source_row
    from people
    inner join {{ ref('lifecycle_rules') }} as rules
        on rules.rule_kind = 'seen'
    union all
    select
        recorded.golden_customer_id,
        recorded.occurred_at,
        rules.lifecycle_rule,
        rules.rule_kind,
        rules.to_stage,
        rules.priority,
        case
            when rules.days is null then timestamp '9999-12-31 00:00:00'
            else {{ dbt.dateadd('day', 'rules.days', 'recorded.occurred_at') }}
        end,
        recorded.source_row
    from recorded
    inner join {{ ref('lifecycle_rules') }} as rules
        on recorded.event_type = rules.trigger and rules.rule_kind = 'recorded'
    inner join {{ ref('lifecycle_stages') }} as stages
        on rules.to_stage = stages.lifecycle_stage
    left join first_customer
        on recorded.golden_customer_id = first_customer.golden_customer_id
    where
        stages.is_customer
        or not stages.follows_activity
        or first_customer.customer_at is null
        or recorded.occurred_at < first_customer.customer_at
    union all
    select
        product_moments.golden_customer_id,
        {{ dbt.dateadd('day', 'coalesce(rules.days, 0)', 'product_moments.happened_at') }},
        rules.lifecycle_rule,
        rules.rule_kind,
        rules.to_stage,
        rules.priority,
        timestamp '1900-01-01 00:00:00',
        'product holding ' || product_moments.holding_key
    from product_moments
    inner join {{ ref('lifecycle_rules') }} as rules
        on product_moments.trigger_name = rules.trigger and rules.rule_kind = 'product'
    where
        -- Who holds a new product before the days are over has not left.
        product_moments.next_begins_at is null
        or product_moments.next_begins_at > {{ dbt.dateadd('day', 'coalesce(rules.days, 0)', 'product_moments.happened_at') }}
),

ground_choices as (
    select
        candidates.golden_customer_id,
        candidates.happened_at,
        candidates.lifecycle_rule,
        candidates.rule_kind,
        candidates.to_stage,
        candidates.priority,
        candidates.holds_until,
        candidates.source_row,
        row_number() over (
            partition by candidates.golden_customer_id, candidates.happened_at
            order by candidates.priority nulls last, candidates.lifecycle_rule nulls last, candidates.source_row nulls last
        ) as choice_rank
    from ground_candidates as candidates
    cross join {{ ref('silver__as_of') }} as build
    where candidates.happened_at <= build.as_of
),

held_ground as (
    select
        *,
        max(holds_until) over (
            partition by golden_customer_id order by happened_at nulls last
            rows between unbounded preceding and 1 preceding
        ) as recorded_until
    from ground_choices
    where choice_rank = 1
),

ground as (
    select
        held.golden_customer_id,
        held.happened_at,
        held.lifecycle_rule,
        held.rule_kind,
        held.to_stage,
        held.priority,
        held.source_row,
        stages.is_customer,
        stages.follows_activity,
        row_number() over (partition by held.golden_customer_id order by held.happened_at nulls last) as ground_number
    from held_ground as held
    inner join {{ ref('lifecycle_stages') }} as stages
        on held.to_stage = stages.lifecycle_stage
    where
        held.rule_kind != 'product'
        or held.recorded_until is null
        or held.happened_at >= held.recorded_until
)

select
    golden_customer_id,
    happened_at,
    ground_number,
    lifecycle_rule,
    rule_kind,
    to_stage,
    priority,
    is_customer,
    follows_activity,
    source_row
from ground
