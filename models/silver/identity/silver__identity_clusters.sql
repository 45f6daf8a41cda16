-- Grain: one row per source record, with the cluster it is in: the records of one person.
-- The materialisation puts together what this query gives: the components that changed since the last run, and what is known of the pairs in them.
{{ config(
    materialized='constrained_clusters',
    least_weight=var('identity_cluster_weight'),
    post_hook="{{ forget_gone_records(ref('silver__identity_components')) }}"
) }}

with fresh as (
    select
        record_key,
        component_key,
        build_number,
        cast(count(*) over (partition by component_key) as bigint) as records
    from {{ ref('silver__identity_components') }}
    where build_number > {{ stored_build_number() }}
),

model as (
    select count(*) > 0 as has_spoken
    from {{ source('identity', 'probabilistic_links') }}
),

-- Once the model has looked at a pair, a rule that only asks for a look says no more than the model did.
linked as (
    select
        links.record_key_a,
        links.record_key_b,
        fresh.component_key,
        max(case when links.link_type = 'manual' then 1 else 0 end) as is_manual,
        max(
            case
                when links.link_type = 'probabilistic' or (links.link_type != 'manual' and (links.zone = 'automatic' or not model.has_spoken))
                    then links.match_weight
            end
        ) as weight,
        max(case when links.link_type = 'probabilistic' then 1 else 0 end) as is_of_model,
        max(case when links.link_type = 'probabilistic' and links.zone = 'automatic' then 1 else 0 end) as is_joined_by_model
    from {{ ref('silver__identity_stated_links') }} as links
    inner join fresh
        on links.record_key_a = fresh.record_key
    inner join fresh as others
        on links.record_key_b = others.record_key and fresh.component_key = others.component_key
    cross join model
    where fresh.records > 1 and (links.link_type != 'manual' or links.zone = 'automatic')
    group by links.record_key_a, links.record_key_b, fresh.component_key
),

conflicts as (
    select
        conflicts.record_key_a,
        conflicts.record_key_b,
        conflicts.component_key,
        conflicts.is_strict,
        conflicts.birth_dates_differ
    from {{ ref('silver__identity_conflicts') }} as conflicts
    inner join fresh
        on conflicts.record_key_a = fresh.record_key
),

-- One weight for each pair, in bits. Evidence is capped, so that no single pair decides for all. Names or dates that contradict each
-- other weigh as much as a rule does, unless the model has weighed them with everything else. Birth dates that clearly differ
-- outweigh a pair at its best, unless the model joins the two nonetheless: namesakes of one home agree in all but that, and few records may have a date.
weighed as (
    select
        coalesce(linked.record_key_a, conflicts.record_key_a) as record_key_a,
        coalesce(linked.record_key_b, conflicts.record_key_b) as record_key_b,
        coalesce(linked.component_key, conflicts.component_key) as component_key,
        case
            when conflicts.birth_dates_differ and coalesce(linked.is_joined_by_model, 0) = 0 then -16
            when conflicts.record_key_a is not null and coalesce(linked.is_of_model, 0) = 0 then -8
            when linked.weight is not null then least(greatest(linked.weight, -12), 12)
        end as weight,
        coalesce(linked.is_manual, 0) = 1 as is_merge,
        coalesce(conflicts.is_strict, false) and coalesce(linked.is_manual, 0) = 0 as must_not
    from linked
    full outer join conflicts
        on linked.record_key_a = conflicts.record_key_a and linked.record_key_b = conflicts.record_key_b
),

-- Rules say nothing of the pairs they do not link. The model has looked at all pairs that have anything in common: then silence speaks against them.
contested as (
    select
        fresh.component_key,
        coalesce(max(case when weighed.weight < 0 or weighed.must_not then 1 else 0 end), 0) = 1
        or (
            max(case when model.has_spoken then 1 else 0 end) = 1
            and count(weighed.weight) < max(fresh.records) * (max(fresh.records) - 1) / 2
        ) as is_contested
    from fresh
    left join weighed
        on fresh.component_key = weighed.component_key and fresh.record_key = weighed.record_key_a
    cross join model
    where fresh.records > 1
    group by fresh.component_key
)

select
    'node' as kind,
    fresh.record_key as record_key_a,
    fresh.component_key as record_key_b,
    {{ precedence('records.first_load_id', 'records.created_at', 'records.record_key') }} as precedence,
    fresh.build_number,
    coalesce(contested.is_contested, false) as is_contested,
    case when model.has_spoken then -5 else -1 end as absent_weight,
    cast(null as double) as weight,
    cast(null as boolean) as must_not,
    cast(null as boolean) as is_merge
from fresh
inner join {{ ref('silver__source_records') }} as records
    on fresh.record_key = records.record_key
left join contested
    on fresh.component_key = contested.component_key
cross join model
union all
select
    'pair' as kind,
    weighed.record_key_a,
    weighed.record_key_b,
    null as precedence,
    null as build_number,
    null as is_contested,
    null as absent_weight,
    cast(weighed.weight as double) as weight,
    weighed.must_not,
    weighed.is_merge
from weighed
inner join contested
    on weighed.component_key = contested.component_key
where contested.is_contested
