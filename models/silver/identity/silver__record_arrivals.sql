-- Grain: one row per source record: the load in which it first came in, whatever became of that row later. Rows never change.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

with arrived as (
    select
        {{ record_key('origin_system', 'source_record_id') }} as record_key,
        load_id
    from {{ ref('staging__customers') }}
    where violations is null
    union all
    select
        {{ record_key('source_system', "'user:' || user_id") }} as record_key,
        load_id
    from {{ ref('staging__users') }}
    where violations is null
)

select
    record_key,
    cast(min(load_id) as bigint) as first_load_id
from arrived
{% if is_incremental() %}
where
    load_id > {{ stored_maximum('first_load_id') }}
    and not exists (
        select 1
        from {{ this }} as stored
        where stored.record_key = arrived.record_key
    )
{% endif %}
group by record_key
