-- Grain: one row per block that gathers more than 50 records: sharing it says too little for them to be compared.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_crowded_blocks() }}",
    post_hook="{{ remember_build(['source_records']) }}"
) }}
{%- set build = plan_crowded_blocks() %}

with keyed as (
    {{ block_keys(ref('silver__source_records')) }}
)

select
    keyed.block_key,
    cast(count(*) as bigint) as records
from keyed
{% if build.part %}
inner join blocks_affected as affected
    on keyed.block_key = affected.block_key
{% endif %}
group by keyed.block_key
having count(*) > 50
