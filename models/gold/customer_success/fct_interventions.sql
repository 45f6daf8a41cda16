-- Grain: one row per source system and intervention up to as_of.
{{ config(materialized='view') }}

select *
from {{ ref('silver__interventions') }}
