-- Grain: one row per person: `component_key` is the smallest id of all whom links tie together, over however many steps.
-- The materialisation works out what changed since the last build and fails rather than to stop too early.
{{ config(materialized='connected_components') }}

select
    'node' as kind,
    golden_customer_id as record_key_a,
    cast(null as {{ dbt.type_string() }}) as record_key_b,
    '' as fingerprint,
    cast(0 as double) as strength
from {{ ref('silver__golden_customers') }}
union all
select distinct
    'link',
    person_a,
    person_b,
    '',
    cast(0 as double)
from {{ ref('silver__household_links') }}
