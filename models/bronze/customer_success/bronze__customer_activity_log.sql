-- Grain: one row per source_system, activity_id: of rows that came twice, the earliest.
{{ config(materialized='incremental', unique_key=['source_system', 'activity_id'], on_schema_change='fail') }}

with incoming as (
    select
        {{ contract_columns('customer_activity_log') }}
    from {{ ref('staging__customer_activity_log') }}
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
        {{ contract_columns('customer_activity_log') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where incoming.activity_id = stored.activity_id and incoming.source_system = stored.source_system
    )
    {% endif %}
),

elected as (
    select
        *,
        row_number() over (partition by source_system, activity_id order by activity_at nulls last, source_file, source_line) as arrival_rank
    from candidates
)

select
    {{ contract_columns('customer_activity_log') }}
from elected
where arrival_rank = 1
