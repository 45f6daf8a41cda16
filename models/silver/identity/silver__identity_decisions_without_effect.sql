-- Grain: one row per line of the seed identity_decisions that has no effect, with the reason.
with stated as (
    select
        {{ record_key('source_system_a', 'source_record_id_a') }} as record_key_a,
        {{ record_key('source_system_b', 'source_record_id_b') }} as record_key_b,
        decision,
        decided_by,
        decided_at,
        reason
    from {{ ref('identity_decisions') }}
),

ranked as (
    select
        *,
        least(record_key_a, record_key_b) as one,
        greatest(record_key_a, record_key_b) as other,
        row_number() over (
            partition by least(record_key_a, record_key_b), greatest(record_key_a, record_key_b)
            order by {{ decision_order() }}
        ) as decision_rank
    from stated
),

looked_up as (
    select
        ranked.*,
        counting.decision as counting_decision,
        counting.decided_by as counting_by,
        counting.decided_at as counting_at,
        case when record_a.record_key is null then ranked.record_key_a end as unknown_a,
        case when record_b.record_key is null then ranked.record_key_b end as unknown_b
    from ranked
    inner join ranked as counting
        on ranked.one = counting.one and ranked.other = counting.other and counting.decision_rank = 1
    left join {{ ref('silver__source_records') }} as record_a
        on ranked.record_key_a = record_a.record_key
    left join {{ ref('silver__source_records') }} as record_b
        on ranked.record_key_b = record_b.record_key
),

judged as (
    select
        *,
        case
            when one = other then 'same_record'
            when unknown_a is not null or unknown_b is not null then 'unknown_record'
            when decision_rank = 1 then null
            when decision = counting_decision then 'repeated'
            when decided_at = counting_at or (decided_at is null and counting_at is null) then 'tie'
            else 'overruled'
        end as problem
    from looked_up
)

select
    decision,
    record_key_a,
    record_key_b,
    decided_by,
    decided_at,
    reason,
    problem,
    case problem
        when 'same_record' then 'both records are ' || record_key_a
        when 'unknown_record'
            then
                case
                    when unknown_a is not null and unknown_b is not null then 'there are no records ' || unknown_a || ' and ' || unknown_b
                    else 'there is no record ' || coalesce(unknown_a, unknown_b)
                end
        when 'repeated' then 'another line says the same'
        when 'tie' then 'another line of the same time says ' || counting_decision || ', which counts'
        else
            'overruled by a later line of ' || cast(counting_at as {{ dbt.type_string() }}) || coalesce(' by ' || counting_by, '')
            || ', which says ' || counting_decision
    end as explanation
from judged
where problem is not null
