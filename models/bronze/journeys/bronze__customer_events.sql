-- Grain: one row per source_system, event_id: of rows that came twice, the first.
{{ config(
    materialized='incremental',
    unique_key=['source_system', 'event_id'],
    on_schema_change='fail',
    pre_hook="{{ begin_events() }}",
    post_hook="{{ remember_build(['staging__customer_events']) }}"
) }}

with arrived as (
    {{ arrived_events(is_incremental()) }}
),

-- An event of which a later load says more (Snowplow's contexts in tables of their own) counts as one of that load.
incoming as (
    select
        {{ contract_columns('customer_events') | replace('load_id', 'greatest(load_id, detail_load_id) as load_id') }}
    from arrived
    where violations is null
),

-- A row that arrives late may be earlier than the one stored under its id, so both stand for election.
candidates as (
    select *
    from incoming
    {% if is_incremental() %}
    union all
    select
        {{ contract_columns('customer_events') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where incoming.event_id = stored.event_id and incoming.source_system = stored.source_system
    )
    {% endif %}
),

elected as (
    select
        *,
        row_number() over (
            partition by source_system, event_id
            order by received_at nulls last, occurred_at, source_file, source_line, load_id desc
        ) as arrival_rank
    from candidates
)

select
    {{ contract_columns('customer_events') }}
from elected
where arrival_rank = 1
