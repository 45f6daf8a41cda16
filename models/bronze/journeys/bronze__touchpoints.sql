-- Grain: one row per source_system, touchpoint_id: of rows that came twice, the first.
{{ config(materialized='incremental', unique_key=['source_system', 'touchpoint_id'], on_schema_change='fail') }}

with incoming as (
    select
        {{ contract_columns('touchpoints') }}
    from {{ ref('staging__touchpoints') }}
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
        {{ contract_columns('touchpoints') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where incoming.touchpoint_id = stored.touchpoint_id and incoming.source_system = stored.source_system
    )
    {% endif %}
),

elected as (
    select
        *,
        row_number() over (partition by source_system, touchpoint_id order by received_at nulls last, occurred_at, source_file, source_line) as arrival_rank
    from candidates
)

select
    {{ contract_columns('touchpoints') }}
from elected
where arrival_rank = 1
