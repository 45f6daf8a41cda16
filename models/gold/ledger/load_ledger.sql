-- Grain: one row per file that was found in the landing folder (per version, if it was replaced under its name).
-- rows_landed is what the reader counted; the other counts are taken from the tables the rows ended in. Nothing is a remainder:
-- a row that is in none of them is `rows_lost`, and a test lets no build pass with one.
with outcomes as (
    {% for domain in ['customer_360', 'customer_success', 'digital', 'journeys', 'attached_rows'] %}
    select
        source_file,
        shared_line,
        outcome,
        landed_rows
    from {{ ref('ledger__' ~ domain) }}
    union all
    {% endfor %}
    select
        source_file,
        cast(null as bigint) as shared_line,
        'quarantined' as outcome,
        rows_unreadable as landed_rows
    from {{ source('landing', 'files') }}
    union all
    select
        files.source_file,
        cast(null as bigint) as shared_line,
        'quarantined' as outcome,
        files.rows_landed - files.rows_unreadable as landed_rows
    from {{ source('landing', 'files') }} as files
    inner join {{ ref('quarantine__files') }} as set_aside
        on files.source_file = set_aside.source_file
    where files.status = 'loaded'
),

-- A row that fills several contracts is one landed row: lost if it is in one of them, else where the luckiest of its readings is.
-- That another reading of it is a duplicate or in quarantine can be seen there.
counted_once as (
    select
        source_file,
        outcome,
        landed_rows
    from outcomes
    where shared_line is null
    union all
    select
        source_file,
        case
            when sum(case when outcome = 'lost' then 1 else 0 end) > 0 then 'lost'
            else min(outcome)
        end as outcome,
        1 as landed_rows
    from outcomes
    where shared_line is not null
    group by source_file, shared_line
),

by_file as (
    select
        source_file,
        cast(coalesce(sum(landed_rows) filter (where outcome in ('bronze', 'attached')), 0) as bigint) as rows_in_bronze,
        cast(coalesce(sum(landed_rows) filter (where outcome = 'attached'), 0) as bigint) as rows_attached,
        cast(coalesce(sum(landed_rows) filter (where outcome = 'duplicate'), 0) as bigint) as rows_duplicate,
        cast(coalesce(sum(landed_rows) filter (where outcome = 'quarantined'), 0) as bigint) as rows_quarantined
    from counted_once
    group by source_file
)

select
    files.source_system,
    files.source_table,
    files.source_file,
    coalesce(set_aside.file_status, files.status) as file_status,
    set_aside.reason as file_reason,
    files.load_id,
    files.loaded_at,
    files.sha256,
    files.size_bytes,
    files.rows_landed,
    by_file.rows_in_bronze,
    by_file.rows_attached,
    by_file.rows_duplicate,
    by_file.rows_quarantined,
    files.rows_landed - by_file.rows_in_bronze - by_file.rows_duplicate - by_file.rows_quarantined as rows_lost
from {{ source('landing', 'files') }} as files
inner join by_file
    on files.source_file = by_file.source_file
left join {{ ref('quarantine__files') }} as set_aside
    on files.source_file = set_aside.source_file
