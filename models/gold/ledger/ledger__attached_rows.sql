-- Grain: one row per table whose rows describe rows of other tables (items, prices, comments), file and outcome.
-- depends_on: {{ ref('quarantine__unattached_rows') }}
{% for table in attached_tables() %}
select
    files.source_file,
    cast(null as bigint) as shared_line,
    case when loose.source_file is null then 'attached' else 'quarantined' end as outcome,
    count(*) as landed_rows
from {{ source(table.system, table.table) }} as landed
inner join {{ source('landing', 'files') }} as files
    on landed.landed_file_id = files.file_id
left join {{ ref('quarantine__unattached_rows') }} as loose
    on files.source_file = loose.source_file and landed.landed_line = loose.source_line
group by 1, 2, 3
union all
{% endfor %}
select
    source_file,
    cast(null as bigint) as shared_line,
    cast(null as {{ dbt.type_string() }}) as outcome,
    cast(0 as bigint) as landed_rows
from {{ source('landing', 'files') }}
where false
