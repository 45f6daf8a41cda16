-- Grain: one row per person and moment from which a rule of the seed lifecycle_rules gives them a stage, up to as_of.
-- Upon the ground, where its stage follows activity, silence and return are read off the signs of life; a stage that passes by itself does
-- so when nothing else came. Every mark rests on rows that lie before its moment, so a build for an earlier as_of gives the same marks.
-- The signs of life of a person with the ground they fall on; a new ground sets the clock of silence back.
with rhythm as (
    select
        golden_customer_id,
        happened_at,
        source_row,
        max(ground_number) over (
            partition by golden_customer_id order by happened_at nulls last
            rows between unbounded preceding and current row
        ) as ground_number
    from (
        select
            golden_customer_id,
            happened_at,
            max(ground_number) as ground_number,
            min(source_row) as source_row
        from (
            select golden_customer_id, happened_at, source_row, ground_number
            from {{ ref('silver__lifecycle_ground') }}
            union all
            select golden_customer_id, happened_at, source_row, cast(null as bigint)
            from {{ ref('silver__signs_of_life') }}
        ) as beats
        group by golden_customer_id, happened_at
    ) as moments
),

followed as (
    select
        golden_customer_id,
        happened_at,
        source_row,
        ground_number,
        lag(happened_at) over (partition by golden_customer_id, ground_number order by happened_at nulls last) as previous_at,
        lead(happened_at) over (partition by golden_customer_id order by happened_at nulls last) as next_at
    from rhythm
),

silences as (
    select
        followed.golden_customer_id,
        followed.happened_at,
        followed.source_row,
        followed.previous_at,
        followed.next_at,
        case when ground.is_customer then 'customers' else 'prospects' end as kind
    from followed
    inner join {{ ref('silver__lifecycle_ground') }} as ground
        on followed.golden_customer_id = ground.golden_customer_id and followed.ground_number = ground.ground_number
    where ground.follows_activity
),

gaps as (
    select
        silences.golden_customer_id,
        {{ dbt.dateadd('day', 'rules.days', 'silences.happened_at') }} as happened_at,
        rules.lifecycle_rule,
        rules.rule_kind,
        rules.to_stage,
        rules.priority,
        silences.source_row
    from silences
    cross join {{ ref('silver__as_of') }} as build
    inner join {{ ref('lifecycle_rules') }} as rules
        on
            rules.rule_kind = 'gap'
            and rules.applies_to = silences.kind
            and {{ dbt.dateadd('day', 'rules.days', 'silences.happened_at') }}
            < coalesce(silences.next_at, {{ dbt.dateadd('second', 1, 'build.as_of') }})
),

returns as (
    select
        silences.golden_customer_id,
        silences.happened_at,
        rules.lifecycle_rule,
        rules.rule_kind,
        rules.to_stage,
        rules.priority,
        silences.source_row,
        row_number() over (
            partition by silences.golden_customer_id, silences.happened_at order by rules.days desc nulls last
        ) as longest_rank
    from silences
    inner join {{ ref('lifecycle_rules') }} as rules
        on
            rules.rule_kind = 'return'
            and rules.applies_to = silences.kind
            and silences.happened_at > {{ dbt.dateadd('day', 'rules.days', 'silences.previous_at') }}
),

moved as (
    select golden_customer_id, happened_at, lifecycle_rule, rule_kind, to_stage, priority, source_row
    from {{ ref('silver__lifecycle_ground') }}
    union all
    select golden_customer_id, happened_at, lifecycle_rule, rule_kind, to_stage, priority, source_row
    from gaps
    union all
    select golden_customer_id, happened_at, lifecycle_rule, rule_kind, to_stage, priority, source_row
    from returns
    where longest_rank = 1
),

ranked as (
    select
        *,
        row_number() over (
            partition by golden_customer_id, happened_at
            order by priority nulls last, lifecycle_rule nulls last, source_row nulls last
        ) as choice_rank
    from moved
),

settling as (
    select
        golden_customer_id,
        happened_at,
        lifecycle_rule,
        rule_kind,
        to_stage,
        source_row,
        lead(happened_at) over (partition by golden_customer_id order by happened_at nulls last) as next_at
    from ranked
    where choice_rank = 1
),

marks as (
    select golden_customer_id, happened_at, lifecycle_rule, rule_kind, to_stage, source_row
    from settling
    union all
    select
        settling.golden_customer_id,
        {{ dbt.dateadd('day', 'rules.days', 'settling.happened_at') }},
        rules.lifecycle_rule,
        rules.rule_kind,
        rules.to_stage,
        settling.source_row
    from settling
    cross join {{ ref('silver__as_of') }} as build
    inner join {{ ref('lifecycle_rules') }} as rules
        on
            rules.rule_kind = 'elapsed'
            and settling.to_stage = rules.trigger
            and {{ dbt.dateadd('day', 'rules.days', 'settling.happened_at') }}
            < coalesce(settling.next_at, {{ dbt.dateadd('second', 1, 'build.as_of') }})
)

select
    marks.golden_customer_id,
    marks.happened_at,
    marks.to_stage as lifecycle_stage,
    marks.lifecycle_rule,
    marks.rule_kind,
    marks.source_row
from marks
cross join {{ ref('silver__as_of') }} as build
where marks.happened_at <= build.as_of
