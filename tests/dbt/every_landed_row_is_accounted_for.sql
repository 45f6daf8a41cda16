-- Wrong if a landed row is in no table at all, or is counted twice.
select
    source_file,
    rows_landed,
    rows_in_bronze,
    rows_duplicate,
    rows_quarantined,
    rows_lost
from {{ ref('load_ledger') }}
where
    rows_lost != 0
    or rows_landed != rows_in_bronze + rows_duplicate + rows_quarantined
    or rows_attached > rows_in_bronze
