-- Grain: one row per person, channel and purpose: where it stands at as_of.
select
    golden_customer_id,
    channel,
    purpose,
    status,
    is_permitted,
    valid_from as standing_since,
    records,
    has_conflict,
    record_key,
    source_system,
    source_file,
    source_line
from {{ ref('silver__consent_history') }}
where is_current
