-- Wrong if the last change of a record does not lead to the person it is of now, or a change does not begin where the one before ended.
with followed as (
    select
        record_key,
        from_golden_customer_id,
        to_golden_customer_id,
        lag(to_golden_customer_id) over (partition by record_key order by change_number) as ended_before,
        row_number() over (partition by record_key order by change_number desc) as change_rank
    from {{ ref('silver__identity_changes') }}
)

select followed.*
from followed
left join {{ ref('silver__identity_map') }} as mapped
    on followed.record_key = mapped.record_key
where
    followed.from_golden_customer_id != followed.ended_before
    or (followed.change_rank = 1 and followed.to_golden_customer_id != mapped.golden_customer_id)
