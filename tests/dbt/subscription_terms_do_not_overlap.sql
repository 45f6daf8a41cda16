-- Wrong if two stretches of one subscription hold at the same time: its revenue would count twice.
with followed as (
    select
        source_system,
        subscription_id,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by source_system, subscription_id order by valid_from) as next_from,
        lead(subscription_id) over (partition by source_system, subscription_id order by valid_from) as next_one
    from {{ ref('silver__subscription_terms') }}
)

select *
from followed
where
    valid_to <= valid_from
    or (next_one is not null and (valid_to is null or valid_to > next_from))
