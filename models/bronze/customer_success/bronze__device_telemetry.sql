-- Grain: one row per source_system, device_id, recorded_at: of rows that came twice, the first.
{{ config(materialized='incremental', unique_key=['source_system', 'device_id', 'recorded_at'], on_schema_change='fail') }}

with incoming as (
    select
        {{ contract_columns('device_telemetry') }}
    from {{ ref('staging__device_telemetry') }}
    where
        violations is null
        {% if is_incremental() %}
        and load_id > {{ stored_maximum('load_id') }}
        {% endif %}
),

-- A row that arrives late may be earlier than the one stored under its id, so both stand for election.
candidates as (
    select *
    from incoming
    {% if is_incremental() %}
    union all
    select
        {{ contract_columns('device_telemetry') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where incoming.device_id = stored.device_id and incoming.recorded_at = stored.recorded_at
            and incoming.source_system = stored.source_system
    )
    {% endif %}
),

elected as (
    select
        *,
        row_number() over (partition by source_system, device_id, recorded_at order by load_id nulls last, source_file, source_line) as arrival_rank
    from candidates
)

select
    {{ contract_columns('device_telemetry') }}
from elected
where arrival_rank = 1
