-- Wrong if a person is in two segments of a scheme at once, in the same one twice in a row without a break, or in none in the middle of a
-- scheme that is computed.
with followed as (
    select
        golden_customer_id,
        segment_scheme,
        segment_name,
        origin,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by golden_customer_id, segment_scheme order by valid_from) as next_from,
        lead(segment_name) over (partition by golden_customer_id, segment_scheme order by valid_from) as next_name
    from {{ ref('silver__segment_history') }}
)

select
    followed.golden_customer_id,
    followed.segment_scheme,
    followed.valid_from
from followed
cross join {{ ref('silver__as_of') }} as build
where
    followed.valid_from > build.as_of
    or followed.valid_to > build.as_of
    or followed.valid_to <= followed.valid_from
    or followed.is_current != (followed.valid_to is null)
    or (followed.next_from is not null and (followed.valid_to is null or followed.valid_to > followed.next_from))
    or (followed.next_from = followed.valid_to and followed.next_name = followed.segment_name)
    or (followed.origin = 'computed' and followed.next_from is not null and followed.valid_to != followed.next_from)
    or (followed.origin = 'computed' and followed.next_from is null and followed.valid_to is not null)
