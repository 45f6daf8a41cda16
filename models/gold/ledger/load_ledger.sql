-- Grain: one row per file that was found in the landing folder (per version, if it was replaced under its name).
-- rows_landed is what the reader counted; the other counts are taken from the tables the rows ended in. Nothing is a remainder:
-- a row that is in none of them is `rows_lost`, and a test lets no build pass with one.
-- depends_on: {{ ref('quarantine__unattached_rows') }}
{% set contract_names = [
    'accounts', 'users', 'subscriptions', 'invoices', 'payments', 'support_tickets', 'survey_responses',
    'survey_invitations', 'engagements', 'goals', 'interventions', 'features', 'devices', 'device_telemetry', 'customer_activity_log',
    'customer_events', 'feature_usage', 'lifecycle_events',
    'customers', 'customer_identifiers', 'customer_relationships', 'customer_preferences_consent', 'customer_interactions',
    'segment_assignments', 'value_metrics', 'product_ownership', 'complaints_feedback',
    'touchpoints', 'nba_recommendations', 'realtime_decisions',
    'journey_definitions', 'journey_instances', 'journey_analytics_events',
] %}
with outcomes as (
    {% for name in contract_names %}
    {%- set grain = (input_contracts() | selectattr('name', 'equalto', name) | first).grain if execute else ['source_system'] %}
    select
        landed.source_file,
        {{ shared_line('landed.source_system', 'landed.source_line') }} as shared_line,
        case
            when landed.violations is not null then 'quarantined'
            when kept.source_file is null then 'lost'
            when kept.source_file = landed.source_file and kept.source_line = landed.source_line then 'bronze'
            else 'duplicate'
        end as outcome,
        count(*) as landed_rows
    from {{ ref('staging__' ~ name) }} as landed
    left join {{ ref('bronze__' ~ name) }} as kept
        on
            landed.violations is null
            {%- for column in grain %}
            and landed.{{ column }} = kept.{{ column }}
            {%- endfor %}
    group by 1, 2, 3
    union all
    {% endfor %}
    {%- for table in attached_tables() %}
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
