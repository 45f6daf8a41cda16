-- A warning, no error: rows about people whose record has not been delivered. They are kept in silver.unresolved_records.
{{ config(severity='warn') }}

select
    contract,
    named_by,
    origin_system,
    count(*) as unresolved_rows
from {{ ref('silver__unresolved_records') }}
group by contract, named_by, origin_system
