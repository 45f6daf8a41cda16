-- Wrong if what a person allows has a gap, an overlap, or an end after as_of; or if a person who ever said something has no standing today.
with followed as (
    select
        golden_customer_id,
        channel,
        purpose,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by golden_customer_id, channel, purpose order by valid_from) as next_from
    from {{ ref('silver__consent_history') }}
)

select
    followed.golden_customer_id,
    followed.channel,
    followed.purpose,
    followed.valid_from
from followed
cross join {{ ref('silver__as_of') }} as build
where
    followed.valid_from > build.as_of
    or followed.valid_to <= followed.valid_from
    or followed.is_current != (followed.valid_to is null)
    or coalesce(followed.valid_to, timestamp '9999-12-31 00:00:00') != coalesce(followed.next_from, timestamp '9999-12-31 00:00:00')
