-- Grain: one row per row of an export and thing about it that cannot be, for everybody to see.
select
    source_system,
    source_table,
    record_id,
    customer_id,
    contradiction,
    source_file,
    source_line
from {{ ref('silver__source_contradictions') }}
