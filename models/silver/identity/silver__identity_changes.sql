-- Grain: one row per time a source record moved from one golden id to another. A log: rows are only added, also by a full refresh.
-- It is written before the map is, and compares the new clusters with the map of the last build.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='fail') }}
{%- set map_before = adapter.get_relation(this.database, this.schema, 'identity_map') if execute else none %}

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

-- The strongest link that holds a moved record where it is now, else the decision that took it out of where it was.
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

split as (
    select
        unwritten.record_key,
        decisions.decided_by,
        decisions.reason,
        row_number() over (
            partition by unwritten.record_key
            order by decisions.decided_at desc nulls last, decisions.record_key_a, decisions.record_key_b
        ) as decision_rank
    from unwritten
    inner join before as companions
        on unwritten.from_golden_customer_id = companions.golden_customer_id
    inner join {{ ref('silver__identity_decided_pairs') }} as decisions
        on companions.record_key = decisions.record_key_a
    where decisions.decision = 'keep_apart'
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
        when split.record_key is not null then 'decision: keep apart'
        when held.link_type = 'manual' then 'decision: merge'
        when held.link_type = 'probabilistic' then 'model: ' || held.rule
        when held.link_type = 'deterministic' then 'rule: ' || held.rule
        else 'evidence changed'
    end as cause,
    coalesce(split.decided_by, decisions.decided_by) as decided_by,
    coalesce(split.reason, decisions.reason) as reason,
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
left join {{ ref('silver__identity_decided_pairs') }} as decisions
    on held.link_type = 'manual' and held.record_key_a = decisions.record_key_a and held.record_key_b = decisions.record_key_b
left join split
    on unwritten.record_key = split.record_key and split.decision_rank = 1
cross join {{ ref('silver__as_of') }} as build
cross join arrivals
