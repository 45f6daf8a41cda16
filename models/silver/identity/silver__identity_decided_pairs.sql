-- Grain: one row per pair of source records (record_key_a < record_key_b) about which somebody decided: the latest decision.
with stated as (
    select
        {{ record_key('source_system_a', 'source_record_id_a') }} as one,
        {{ record_key('source_system_b', 'source_record_id_b') }} as other,
        decision,
        decided_by,
        decided_at,
        reason
    from {{ ref('identity_decisions') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by least(one, other), greatest(one, other)
            order by {{ decision_order() }}
        ) as decision_rank
    from stated
    where one != other
)

select
    least(ranked.one, ranked.other) as record_key_a,
    greatest(ranked.one, ranked.other) as record_key_b,
    ranked.decision,
    ranked.decided_by,
    ranked.decided_at,
    ranked.reason
from ranked
inner join {{ ref('silver__source_records') }} as record_a
    on ranked.one = record_a.record_key
inner join {{ ref('silver__source_records') }} as record_b
    on ranked.other = record_b.record_key
where ranked.decision_rank = 1
