-- Grain: one row per source_system, interaction_id: of rows that came twice, the earliest.
{{ config(materialized='incremental', unique_key=['source_system', 'interaction_id'], on_schema_change='fail') }}

with incoming as (
    select
        {{ contract_columns('customer_interactions') }}
    from {{ ref('staging__customer_interactions') }}
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
        {{ contract_columns('customer_interactions') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where incoming.interaction_id = stored.interaction_id and incoming.source_system = stored.source_system
    )
    {% endif %}
),

elected as (
    select
        *,
        row_number() over (partition by source_system, interaction_id order by occurred_at, source_file, source_line) as arrival_rank
    from candidates
)

select
    {{ contract_columns('customer_interactions') }}
from elected
where arrival_rank = 1
