-- Grain: one row per source_system, origin_system, source_record_id, updated_at: every version of a record.
-- Former names and addresses still identify a person. Of rows that say the same time, the file whose name sorts last counts.
{{ config(
    materialized='incremental',
    unique_key=['source_system', 'origin_system', 'source_record_id', 'updated_at'],
    on_schema_change='fail'
) }}

with incoming as (
    select
        {{ contract_columns('customers') }}
    from {{ ref('staging__customers') }}
    where
        violations is null
        {% if is_incremental() %}
        and load_id > {{ stored_maximum('load_id') }}
        {% endif %}
),

accepted as (
    select *
    from incoming
    {% if is_incremental() %}
    union all
    select
        {{ contract_columns('customers') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where
            incoming.source_record_id = stored.source_record_id and incoming.origin_system = stored.origin_system
            and incoming.source_system = stored.source_system and incoming.updated_at = stored.updated_at
    )
    {% endif %}
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, origin_system, source_record_id, updated_at
            order by source_file desc, source_line desc
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('customers') }}
from versions
where version_rank = 1
