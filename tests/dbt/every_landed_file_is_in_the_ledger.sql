-- Wrong if a file that the loader registered is missing from the ledger: its rows would be missed by nobody.
select files.source_file
from {{ source('landing', 'files') }} as files
left join {{ ref('load_ledger') }} as ledger
    on files.source_file = ledger.source_file
where ledger.source_file is null
