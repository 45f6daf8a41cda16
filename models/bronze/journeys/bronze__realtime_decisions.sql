-- Grain: one row per source_system, decision_id: of rows that came twice, the first that says what came of it.
{{ config(materialized='incremental', unique_key=['source_system', 'decision_id'], on_schema_change='fail') }}

with incoming as (
    select
        {{ contract_columns('realtime_decisions') }}
    from {{ ref('staging__realtime_decisions') }}
    where
        violations is null
        {% if is_incremental() %}
        and load_id > {{ stored_maximum('load_id') }}
        {% endif %}
),

-- A row that arrives late may be the one with the outcome, or an earlier one, so both stand for election.
candidates as (
    select *
    from incoming
    {% if is_incremental() %}
    union all
    select
        {{ contract_columns('realtime_decisions') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where incoming.decision_id = stored.decision_id and incoming.source_system = stored.source_system
    )
    {% endif %}
),

standing as (
    select
        *,
        case when outcome is null then 1 else 0 end as lacks_outcome
    from candidates
),

elected as (
    select
        *,
        row_number() over (
            partition by source_system, decision_id
            order by lacks_outcome nulls last, outcome_at nulls last, decided_at nulls last, source_file, source_line
        ) as arrival_rank
    from standing
)

select
    {{ contract_columns('realtime_decisions') }}
from elected
where arrival_rank = 1
