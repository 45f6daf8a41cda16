-- Grain: one row per time a source record moved from one golden id to another. A log: rows are only added, also by a full refresh.
-- It is written before the map is, and compares the new clusters with the map of the last build, and decisions with those of its last build.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='fail',
    post_hook="{{ remember_decided_pairs(ref('silver__identity_decided_pairs')) }}"
) }}
{%- set map_before = adapter.get_relation(this.database, this.schema, 'identity_map') if execute else none %}
{%- set decided_before = adapter.get_relation(this.database, 'identity', 'known_decided_pairs') if execute else none %}

with placed as (
    select
        record_key,
        {{ golden_customer_id('anchor_record_key') }} as golden_customer_id
    from {{ ref('silver__identity_clusters') }}
    {% if map_before is not none and not flags.FULL_REFRESH %}
    where build_number > {{ number_from('select max(build_number) from ' ~ map_before) }}
    {% endif %}
),

{% if map_before is not none %}
before as (
    select
        record_key,
        golden_customer_id
    from {{ map_before }}
),
{% else %}
before as (
    select
        record_key,
        golden_customer_id
    from placed
    where false
),
{% endif %}

moved as (
    select
        placed.record_key,
        before.golden_customer_id as from_golden_customer_id,
        placed.golden_customer_id as to_golden_customer_id
    from placed
    inner join before
        on placed.record_key = before.record_key and placed.golden_customer_id != before.golden_customer_id
),

-- Written by a run that stopped before the map was made.
unwritten as (
    select moved.*
    from moved
    {% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as logged
        where
            logged.record_key = moved.record_key
            and logged.from_golden_customer_id = moved.from_golden_customer_id
            and logged.to_golden_customer_id = moved.to_golden_customer_id
            and logged.change_number = (
                select max(latest.change_number)
                from {{ this }} as latest
                where latest.record_key = moved.record_key
            )
    )
    {% endif %}
),

ends as (
    {% for end in ['record_key_a', 'record_key_b'] %}
    select
        unwritten.record_key,
        links.link_type,
        links.rule,
        links.match_probability,
        links.record_key_a,
        links.record_key_b
    from unwritten
    inner join {{ ref('silver__identity_links') }} as links
        on unwritten.record_key = links.{{ end }}
    where links.zone = 'automatic'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The strongest link of a moved record, which speaks where no decision does.
held as (
    select
        record_key,
        link_type,
        rule,
        record_key_a,
        record_key_b,
        row_number() over (
            partition by record_key
            order by case when link_type = 'manual' then 0 else 1 end nulls last, match_probability desc, rule, record_key_a, record_key_b
        ) as link_rank
    from ends
),

current_decisions as (
    select
        record_key_a,
        record_key_b,
        decision,
        decided_by,
        decided_at,
        reason
    from {{ ref('silver__identity_decided_pairs') }}
),

-- What holds for a pair now, and what did and no longer does. A decision that another took the place of is not withdrawn.
decisions as (
    select
        *,
        false as is_withdrawn
    from current_decisions
    {% if decided_before is not none %}
    union all
    select
        known.*,
        true as is_withdrawn
    from {{ decided_before }} as known
    left join current_decisions
        on known.record_key_a = current_decisions.record_key_a and known.record_key_b = current_decisions.record_key_b
    where current_decisions.record_key_a is null
    {% endif %}
),

-- Where the two records of a decision were, and are now.
whereabouts as (
    select
        decisions.*,
        before_a.golden_customer_id as from_a,
        before_b.golden_customer_id as from_b,
        placed_a.golden_customer_id as to_a,
        placed_b.golden_customer_id as to_b
    from decisions
    inner join before as before_a
        on decisions.record_key_a = before_a.record_key
    inner join before as before_b
        on decisions.record_key_b = before_b.record_key
    inner join placed as placed_a
        on decisions.record_key_a = placed_a.record_key
    inner join placed as placed_b
        on decisions.record_key_b = placed_b.record_key
),

-- Decisions that took two records apart or put them together: to keep them so, or a former one to the contrary that is withdrawn.
-- They moved whoever left the one person, or came from one of the two into the other, companions of the two records included.
taken_apart as (
    select
        from_a as from_golden_customer_id,
        cast(null as {{ dbt.type_string() }}) as to_golden_customer_id,
        case when is_withdrawn then 'decision withdrawn' else 'decision: keep apart' end as cause,
        decided_by,
        decided_at,
        reason,
        record_key_a,
        record_key_b
    from whereabouts
    where from_a = from_b and to_a != to_b and decision = case when is_withdrawn then 'merge' else 'keep_apart' end
),

put_together as (
    {% for end in ['from_a', 'from_b'] %}
    select
        {{ end }} as from_golden_customer_id,
        to_a as to_golden_customer_id,
        case when is_withdrawn then 'decision withdrawn' else 'decision: merge' end as cause,
        decided_by,
        decided_at,
        reason,
        record_key_a,
        record_key_b
    from whereabouts
    where from_a != from_b and to_a = to_b and decision = case when is_withdrawn then 'keep_apart' else 'merge' end
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

effective as (
    select * from taken_apart
    union all
    select * from put_together
),

moved_by_decision as (
    select
        unwritten.record_key,
        effective.cause,
        effective.decided_by,
        effective.reason,
        row_number() over (
            partition by unwritten.record_key
            order by
                case when effective.cause = 'decision withdrawn' then 1 else 0 end nulls last,
                effective.decided_at desc nulls last, effective.record_key_a, effective.record_key_b
        ) as decision_rank
    from unwritten
    inner join effective
        on
            unwritten.from_golden_customer_id = effective.from_golden_customer_id
            and (effective.to_golden_customer_id is null or unwritten.to_golden_customer_id = effective.to_golden_customer_id)
),

arrivals as (
    select cast(max(load_id) as bigint) as load_id
    from {{ ref('silver__source_records') }}
)

select
    unwritten.record_key,
    unwritten.from_golden_customer_id,
    unwritten.to_golden_customer_id,
    case
        when not exists (select 1 from placed where placed.golden_customer_id = unwritten.from_golden_customer_id) then 'merge'
        when not exists (select 1 from before where before.golden_customer_id = unwritten.to_golden_customer_id) then 'split'
        else 'move'
    end as change,
    case
        when moved_by_decision.record_key is not null then moved_by_decision.cause
        when held.link_type = 'manual' then 'decision: merge'
        when held.link_type = 'probabilistic' then 'model: ' || held.rule
        when held.link_type = 'deterministic' then 'rule: ' || held.rule
        else 'evidence changed'
    end as cause,
    -- One line of the seed gives both.
    case when moved_by_decision.record_key is not null then moved_by_decision.decided_by else manual.decided_by end as decided_by,
    case when moved_by_decision.record_key is not null then moved_by_decision.reason else manual.reason end as reason,
    arrivals.load_id,
    build.as_of,
    {% if is_incremental() %}
    (select coalesce(max(logged.change_number), 0) from {{ this }} as logged) + 1 as change_number
    {% else %}
    cast(1 as bigint) as change_number
    {% endif %}
from unwritten
left join held
    on unwritten.record_key = held.record_key and held.link_rank = 1
left join current_decisions as manual
    on held.link_type = 'manual' and held.record_key_a = manual.record_key_a and held.record_key_b = manual.record_key_b
left join moved_by_decision
    on unwritten.record_key = moved_by_decision.record_key and moved_by_decision.decision_rank = 1
cross join {{ ref('silver__as_of') }} as build
cross join arrivals
