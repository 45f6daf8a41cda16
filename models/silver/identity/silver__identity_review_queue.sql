-- Grain: one row per pair of source records (record_key_a < record_key_b) that a person should look at, most doubtful first.
{{ config(materialized='view') }}

select
    record_key_a,
    record_key_b,
    golden_customer_id_a,
    golden_customer_id_b,
    queue_reason,
    conflict,
    link_type,
    rule,
    match_probability,
    match_weight,
    evidence,
    row_number() over (
        order by
            case when queue_reason = 'cut by the guard' then 0 else 1 end nulls last,
            match_probability desc, record_key_a, record_key_b
    ) as queue_place
from {{ ref('silver__identity_open_pairs') }}
