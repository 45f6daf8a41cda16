-- Grain: one row per source_system, origin_system, source_record_id, identifier_type, identifier_value: the version the source wrote last.
{{ config(
    materialized='incremental',
    unique_key=['source_system', 'origin_system', 'source_record_id', 'identifier_type', 'identifier_value'],
    on_schema_change='fail'
) }}

with incoming as (
    select
        {{ contract_columns('customer_identifiers') }}
    from {{ ref('staging__customer_identifiers') }}
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
        {{ contract_columns('customer_identifiers') }}
    from {{ this }} as stored
    where exists (
        select 1
        from incoming
        where
            incoming.source_record_id = stored.source_record_id and incoming.origin_system = stored.origin_system
            and incoming.source_system = stored.source_system and incoming.identifier_type = stored.identifier_type
            and incoming.identifier_value = stored.identifier_value
    )
    {% endif %}
),

versions as (
    select
        *,
        row_number() over (
            partition by source_system, origin_system, source_record_id, identifier_type, identifier_value
            order by {{ latest_version_first() }}
        ) as version_rank
    from accepted
)

select
    {{ contract_columns('customer_identifiers') }}
from versions
where version_rank = 1
